/**
 * Writes what documents and code repeat: the code of examples in the documents, and the version of each package.
 *
 * In a document, `<!-- code: examples/name.ts -->` before a fence fills the fence with that file, and
 * `<!-- code: examples/name.ts#part -->` with the lines between `// #region part` and `// #endregion part`, after those of
 * the file's imports that the lines use. A visible line between the two names the file. TypeScript without a marker is
 * rejected, and so is TypeScript in a package's comment that no example contains: nothing would compile it. Each part also
 * goes to `.documents/`, where `tsc -p tsconfig.documents.json` compiles it as readers see it.
 *
 * With `--check` no document is written, and the run fails when one is out of date.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

/** Returns the text of each generated file below `root`, by its path. */
export const generate = (root: string): ReadonlyMap<string, string> => {
  const read = (path: string): string => readFileSync(join(root, path), "utf8")
  const files = new Map<string, string>()

  for (const document of globSync(["*.md", "docs/**/*.md", "packages/*/README.md"], { cwd: root }).toSorted()) {
    let filled = 0
    const text = read(document).replaceAll(codeBlock, (block, path?: string, part?: string) => {
      if (path === undefined) throw new Error(`${document}: put <!-- code: examples/name.ts#part --> before\n${block}`)
      const code = readCode(path, read(path), part)
      if (part !== undefined) files.set(`.documents/${path.slice(0, -".ts".length)}.${part}.ts`, `${code}\n`)
      filled++
      const marker = `<!-- code: ${path}${part === undefined ? "" : `#${part}`} -->`
      return `${marker}\n\nFrom [\`${path}\`](${relative(dirname(document), path)}):\n\n\`\`\`ts\n${code}\n\`\`\``
    })
    if (text.split("<!-- code:").length - 1 !== filled) throw new Error(`${document}: a marker has no fence after it`)
    files.set(document, text)
  }

  for (const path of globSync("packages/*/src/internal/version.ts", { cwd: root })) {
    const { version } = JSON.parse(read(join(path, "../../../package.json")))
    files.set(
      path,
      `/** The version of this package, from its package.json by \`pnpm generate\`. */\nexport const version = "${version}"\n`
    )
  }
  return files
}

/** Finds the TypeScript in comments of the packages that no example contains. */
export const findWithoutExample = (root: string): ReadonlyArray<string> => {
  const read = (path: string): string => readFileSync(join(root, path), "utf8")
  const examples = globSync("examples/**/*.ts", { cwd: root }).map((path) => trimLines(read(path)))
  return globSync("packages/*/src/**/*.ts", { cwd: root }).toSorted().flatMap((path) =>
    Array.from(
      read(path).matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms),
      ([, comment = ""]) => trimLines(comment.replaceAll(/^ *\* ?/gm, ""))
    )
      .filter((code) => !examples.some((example) => example.includes(code)))
      .map((code) => `${path}: no example has\n${code}`)
  )
}

/** A fence of TypeScript, with the marker and the line before it when there are any. */
const codeBlock =
  /(?:^<!-- code: (examples\/[\w./-]+\.ts)(?:#([\w-]+))? -->\n+(?:From [^\n]+\n+)?)?^```(?:ts|tsx|typescript)\b.*?^```$/gms

const readCode = (path: string, text: string, part: string | undefined): string => {
  const lines = text.split("\n")
  if (part === undefined) return withoutRegions(lines)
  const find = (line: string): number => lines.findIndex((other) => other.trim() === line)
  const start = find(`// #region ${part}`)
  const end = find(`// #endregion ${part}`)
  if (start === -1 || end < start) throw new Error(`${path} has no region ${part}`)
  const code = withoutRegions(lines.slice(start + 1, end))
  const imports = [...lines.slice(0, start).join("\n").matchAll(/^import .*?"$/gms)]
    .flatMap(([statement]) => narrowImport(statement, code))
  return imports.length === 0 ? code : `${imports.join("\n")}\n\n${code}`
}

/** Drops the comments that mark regions, and the indentation that all lines share. */
const withoutRegions = (lines: ReadonlyArray<string>): string => {
  const code = lines.filter((line) => !/^\s*\/\/ #(?:end)?region\b/.test(line))
  const indent = Math.min(...code.filter((line) => line !== "").map((line) => line.search(/\S/)))
  return code.map((line) => line.slice(indent)).join("\n").replace(/^\n+/, "").trimEnd()
}

/** Keeps the names of an import that the code uses. */
const narrowImport = (statement: string, code: string): ReadonlyArray<string> => {
  const isUsed = (name: string): boolean => new RegExp(`\\b${/\w+$/.exec(name)?.[0]}\\b`).test(code)
  const [, before, names, after] = /^(.*)\{(.*)\}(.*)$/s.exec(statement) ?? []
  if (names === undefined) return isUsed(statement.replace(/ from .*/s, "")) ? [statement] : []
  const used = names.split(",").map((name) => name.trim()).filter((name) => name !== "" && isUsed(name))
  return used.length === 0 ? [] : [`${before}{ ${used.join(", ")} }${after}`]
}

const trimLines = (code: string): string =>
  code.split("\n").map((line) => line.trim()).filter((line) => line !== "").join("\n")

if (import.meta.main) {
  const root = join(import.meta.dirname, "..")
  const check = process.argv.includes("--check")
  rmSync(join(root, ".documents"), { recursive: true, force: true })
  for (const [path, text] of generate(root)) {
    const file = join(root, path)
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue
    const isTemporary = path.startsWith(".documents/")
    if (check && !isTemporary) {
      console.log(`${path} is out of date: npx -y pnpm@12 generate`)
      process.exitCode = 1
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    if (!isTemporary) console.log(`Wrote ${path}`)
  }
  for (const problem of findWithoutExample(root)) {
    console.log(problem)
    process.exitCode = 1
  }
}
