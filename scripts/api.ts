/**
 * The API reference, from the code and its comments: for each package a page in `docs/api`, with every public export as
 * an editor shows it. `generate.ts` writes the pages and checks that they are up to date, so that they are also the record
 * of what changes for users.
 *
 * It refuses what has no comment, and types that are too long to be read where they are shown.
 */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import type { SourceFile } from "typescript/unstable/ast"
import { API, type Checker, NodeBuilderFlags, type Symbol, SymbolFlags, type Type } from "typescript/unstable/sync"

/** The pages by their paths, and what is wrong with the code that they are made from. */
export interface Reference {
  readonly pages: ReadonlyMap<string, string>
  readonly problems: ReadonlyArray<string>
}

/** In characters, two lines of a page. What is longer nobody reads. */
const longestType = 280

/** Reads the packages below `root`, and writes nothing. */
export const apiReference = (root: string): Reference => {
  const api = new API({ cwd: root })
  try {
    const problems: Array<string> = []
    const packages = globSync("packages/*", { cwd: root }).map((path) => basename(path)).toSorted()
    const configs = packages.map((name) => join(root, "packages", name, "tsconfig.json"))
    const snapshot = api.updateSnapshot({ openProjects: configs })
    const pages = packages.map((name, index) => {
      const project = snapshot.getProject(configs[index]!)!
      const modules = globSync("src/*.ts", { cwd: join(root, "packages", name) })
        .map((file) => file.slice("src/".length, -".ts".length))
        .filter((module) => module !== "index" && module !== "bin")
        .toSorted()
      const described = new Map<number, string>()
      const sections = modules.map((module) => {
        const file = join(root, "packages", name, "src", `${module}.ts`)
        const source = project.program.getSourceFile(file)!
        const describe = new Describer(project.checker, source, module, described, problems)
        return describeModule(name, module, readFileSync(file, "utf8"), describe)
      })
      const contents = modules.map((module) => `- [${module}](#${module.toLowerCase()})`).join("\n")
      return [
        `docs/api/${name}.md`,
        `# @effect-heroku/${name}\n\n${note}\n\n${contents}\n\n${sections.join("\n\n")}\n`
      ] as const
    })
    return { pages: new Map(pages), problems }
  } finally {
    api.close()
  }
}

const note =
  "Written by `npx -y pnpm@12 generate` from the comments in the code. A schema and the type of its values have one name; shown is the type."

const describeModule = (name: string, module: string, text: string, describe: Describer): string => {
  const comment = /^\/\*\*(.*?)\*\//s.exec(text)?.[1]
  const source = `[Source](../../packages/${name}/src/${module}.ts)`
  const importing = ["```ts", `import * as ${module} from "@effect-heroku/${name}/${module}"`, "```"].join("\n")
  const { body, tags } = splitTags(stripStars(comment ?? ""))
  return [`## ${module}`, body, importing, ...tags.map(formatTag), source, ...describe.exports()].join("\n\n")
}

// -----------------------------------------------------------------------------
// Comments
// -----------------------------------------------------------------------------

const stripStars = (comment: string): string =>
  comment.split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n").trim()

const splitTags = (comment: string): { readonly body: string; readonly tags: ReadonlyArray<string> } => {
  const [body = "", ...tags] = comment.split(/^@/m)
  return { body: body.trim(), tags: tags.map((tag) => tag.trim()) }
}

const formatTag = (tag: string): string => {
  const [, name = "", text = ""] = /^(\w+)\s*(.*)$/s.exec(tag) ?? []
  return name === "see" ? `See <${text}>` : `${name === "throws" ? "Throws" : name} ${text}`
}

// -----------------------------------------------------------------------------
// Exports
// -----------------------------------------------------------------------------

class Describer {
  readonly #checker: Checker
  readonly #source: SourceFile
  readonly #module: string
  /** What has been described already, and as what: some modules export the types of others. */
  readonly #described: Map<number, string>
  readonly #problems: Array<string>

  constructor(
    checker: Checker,
    source: SourceFile,
    module: string,
    described: Map<number, string>,
    problems: Array<string>
  ) {
    this.#checker = checker
    this.#source = source
    this.#module = module
    this.#described = described
    this.#problems = problems
  }

  /** Every export, in the order of the code. */
  exports(): ReadonlyArray<string> {
    const module = this.#checker.getSymbolAtLocation(this.#source)!
    return this.#checker.getExportsOfModule(module)
      .map((symbol) => ({ symbol, at: symbol.declarations[0]?.resolve()?.pos ?? 0 }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ symbol }) => this.#export(symbol))
  }

  #export(exported: Symbol): string {
    const symbol = has(exported, SymbolFlags.Alias) ? this.#checker.getAliasedSymbol(exported) : exported
    const name = `${this.#module}.${symbol.name}`
    const known = this.#described.get(symbol.id)
    if (known !== undefined) {
      return `### ${name}\n\nThe same as [${known}](#${known.replaceAll(".", "").toLowerCase()}).`
    }
    this.#described.set(symbol.id, name)
    const declaration = ["```ts", ...this.#declaration(symbol), "```"].join("\n")
    return [`### ${name}`, declaration, this.#comment(symbol, symbol.name)].join("\n\n")
  }

  #declaration(symbol: Symbol): ReadonlyArray<string> {
    if (has(symbol, SymbolFlags.Class | SymbolFlags.Interface)) {
      const members = this.#checker.getPropertiesOfType(this.#checker.getDeclaredTypeOfSymbol(symbol))
        .filter((member) => member.name !== "_tag" && this.#isOurs(member))
        .flatMap((member) => this.#member(member, symbol.name, ""))
      if (!has(symbol, SymbolFlags.Class)) return block(`interface ${symbol.name}`, members)
      const statics = [...symbol.getExports().values()].filter((member) => member.name !== "prototype")
      return block(`class ${symbol.name}`, [
        ...members,
        ...statics.flatMap((member) => this.#member(member, symbol.name, "static "))
      ])
    }
    if (has(symbol, SymbolFlags.TypeAlias)) {
      const text = this.#text(this.#checker.getDeclaredTypeOfSymbol(symbol), symbol.name, NodeBuilderFlags.InTypeAlias)
      return [`type ${symbol.name} = ${text}`]
    }
    const keyword = has(symbol, SymbolFlags.Function) ? "function" : "const"
    return [`${keyword} ${symbol.name}: ${this.#text(this.#checker.getTypeOfSymbol(symbol)!, symbol.name)}`]
  }

  #member(member: Symbol, owner: string, modifier: string): ReadonlyArray<string> {
    const name = `${owner}.${member.name}`
    const optional = has(member, SymbolFlags.Optional)
    const text = this.#text(this.#checker.getTypeOfSymbol(member)!, name)
    const comment = this.#comment(member, name).split("\n")
    return [
      ...(comment.length === 1 ? [`/** ${comment[0]} */`] : ["/**", ...comment.map((line) => ` * ${line}`), " */"]),
      `${modifier}readonly ${member.name}${optional ? "?" : ""}: ${
        optional ? text.replace(/ \| undefined$/, "") : text
      }`
    ].map((line) => line.trimEnd())
  }

  /** Whether a member is of these packages, and not of what a class extends. */
  #isOurs(member: Symbol): boolean {
    return member.declarations.some(({ path }) => path.includes("/packages/") && !path.includes("/node_modules/"))
  }

  /** A type as an editor shows it. */
  #text(type: Type, name: string, flags = 0): string {
    const text = this.#checker.typeToString(type, this.#source, NodeBuilderFlags.NoTruncation | flags)
      .replaceAll(/\bimport\("[^"]+"\)\./g, "")
    if (text.length > longestType) {
      this.#problems.push(
        `${this.#module}: the type of ${name} has ${text.length} characters, more than ${longestType}`
      )
    }
    return text
  }

  #comment(symbol: Symbol, name: string): string {
    const text = this.#checker.getDocumentationCommentOfSymbol(symbol).trim()
    if (text === "") this.#problems.push(`${this.#module}: ${name} has no comment`)
    const tags = this.#checker.getJsDocTagsOfSymbol(symbol).map((tag) => formatTag(`${tag.name} ${tagText(tag.text)}`))
    return [text, ...tags].join("\n\n")
  }
}

const block = (head: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [head] : [`${head} {`, ...lines.map((line) => line === "" ? "" : `  ${line}`), "}"]

const tagText = (text: unknown): string => typeof text === "string" ? text : JSON.stringify(text)

const has = (symbol: Symbol, flags: SymbolFlags): boolean => (symbol.flags & flags) !== 0
