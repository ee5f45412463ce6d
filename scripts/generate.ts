/**
 * Keeps what the documents say of the code equal to the code: examples, the API reference, the picture of the imports;
 * and what the code says of its version.
 *
 * A fence that follows a line `<!-- code: examples/name.ts -->` gets the content of that file, and one that follows
 * `<!-- code: examples/name.ts#part -->` what is between `// #region part` and `// #endregion part` there; the one that
 * follows `<!-- imports -->` gets the picture. A fence of TypeScript without a marker is refused, and so is one in a comment
 * whose code is in no example: nobody would compile them. With `--check` nothing is written, and the run fails if anything
 * would be.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { apiReference } from "./api.ts"
import { drawImports } from "./imports.ts"

/** Writes the documents that are out of date, or with `check` only names them. */
export const generate = (root: string, check: boolean): ReadonlyArray<string> => {
  const readExample: ReadExample = (path) => {
    const file = join(root, path)
    return existsSync(file) ? readFileSync(file, "utf8") : undefined
  }
  const documents = globSync(["*.md", "docs/**/*.md", "packages/*/README.md"], {
    cwd: root,
    exclude: ["docs/api/**"]
  })
  return documents.toSorted().filter((document) =>
    write(root, document, fill(document, readFileSync(join(root, document), "utf8"), readExample, root), check)
  )
}

/** Writes a file where its text is another, or with `check` only says so. */
const write = (root: string, path: string, text: string, check: boolean): boolean => {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, "utf8") === text) return false
  if (!check) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return true
}

/** The module that tells each package its version: not everywhere can a program read its package.json. */
const versions = (root: string): ReadonlyMap<string, string> =>
  new Map(["http-node", "testing"].map((name) => {
    const { version } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"))
    const text =
      `/** The version of this package, from its package.json by \`pnpm generate\`. */\nexport const version = "${version}"\n`
    return [`packages/${name}/src/internal/version.ts`, text]
  }))

/** The fences of TypeScript in the comments of the packages whose code is in none of the examples. */
export const findUncompiled = (root: string): ReadonlyArray<string> => {
  const read = (file: string): string => readFileSync(join(root, file), "utf8")
  const examples = globSync("examples/**/*.ts", { cwd: root }).map((file) => unspaced(read(file)))
  return globSync("packages/*/src/**/*.ts", { cwd: root }).toSorted().flatMap((file) =>
    [...read(file).matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)]
      .map(([, code = ""]) => code.replaceAll(/^ *\* ?/gm, ""))
      .filter((code) => !examples.some((example) => example.includes(unspaced(code))))
      .map((code) => `${file}: no example has the code of a comment, which begins ${code.split("\n")[0]}`)
  )
}

/** Code without what depends on where it stands. */
const unspaced = (code: string): string =>
  code.split("\n").map((line) => line.trim()).filter((line) => line !== "").join("\n")

/** The text of a document with the code of its examples in place. */
const fill = (document: string, text: string, readExample: ReadExample, root: string): string => {
  const lines = text.split("\n")
  const result: Array<string> = []
  let marker: Marker | undefined
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!
    const fail = (problem: string): never => {
      throw new Error(`${document}:${index + 1}: ${problem}`)
    }
    result.push(line)
    const fence = /^(?:`{3,}|~{3,})/.exec(line)?.[0]
    if (fence === undefined) {
      if (marker !== undefined && line.trim() !== "") fail(`no fence follows the marker of ${marker.path}`)
      if (/^\s*<!--\s*code\b/.test(line)) marker = parseMarker(line, fail)
      if (line === "<!-- imports -->") marker = { path: "imports", region: undefined }
    } else {
      const end = lines.findIndex((other, at) => at > index && other.startsWith(fence) && /^[`~]+\s*$/.test(other))
      if (end === -1) fail("the fence is not closed")
      if (marker === undefined && /^[`~]+\s*(?:ts|tsx|typescript)\b/.test(line)) {
        fail("take the code from an example: <!-- code: examples/name.ts#region --> before the fence")
      }
      const code = marker === undefined
        ? lines.slice(index + 1, end)
        : marker.path === "imports"
        ? drawImports(root).split("\n")
        : readCode(marker, readExample, fail)
      result.push(...code, lines[end]!)
      marker = undefined
      index = end
    }
  }
  if (marker !== undefined) throw new Error(`${document}: no fence follows the marker of ${marker.path}`)
  return result.join("\n")
}

type ReadExample = (path: string) => string | undefined

type Fail = (problem: string) => never

interface Marker {
  readonly path: string
  readonly region: string | undefined
}

const parseMarker = (line: string, fail: Fail): Marker => {
  const match = /^<!-- code: (examples\/(?:[\w-]+\/)*[\w.-]+)(?:#([\w-]+))? -->$/.exec(line)
  if (match === null) return fail("write the marker as <!-- code: examples/name.ts#region --> on a line of its own")
  return { path: match[1]!, region: match[2] }
}

const readCode = (marker: Marker, readExample: ReadExample, fail: Fail): ReadonlyArray<string> => {
  const text = readExample(marker.path)
  if (text === undefined) return fail(`there is no ${marker.path}`)
  const lines = text.split("\n")
  const chosen = marker.region === undefined ? lines : readRegion(lines, marker.region)
  if (chosen === undefined) return fail(`${marker.path} has no complete region ${marker.region}`)
  const code = dedent(chosen.filter((line) => !/^\s*\/\/ #(?:end)?region\b/.test(line)))
  return code === "" ? fail(`${marker.path} has no code there`) : code.split("\n")
}

const readRegion = (lines: ReadonlyArray<string>, region: string): ReadonlyArray<string> | undefined => {
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  const end = lines.findIndex((line) => line.trim() === `// #endregion ${region}`)
  return start === -1 || end < start ? undefined : lines.slice(start + 1, end)
}

/** Without the indentation that all lines share, and without blank lines at either end. */
const dedent = (lines: ReadonlyArray<string>): string => {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/))
  const shared = Math.min(...indents)
  return lines.map((line) => line.slice(shared)).join("\n").replace(/^\n+/, "").trimEnd()
}

if (import.meta.main) {
  const check = process.argv.includes("--check")
  const root = join(import.meta.dirname, "..")
  const { pages, problems } = apiReference(root)
  const written = [...versions(root), ...pages]
  const stale = [
    ...generate(root, check),
    ...written.filter(([path, text]) => write(root, path, text, check)).map(([path]) => path)
  ]
  for (const document of stale) {
    console.log(check ? `${document} is not what the code says: run pnpm generate` : `wrote ${document}`)
  }
  const refused = [...problems, ...findUncompiled(root)]
  for (const problem of refused) console.log(problem)
  if ((check && stale.length > 0) || refused.length > 0) process.exitCode = 1
}
