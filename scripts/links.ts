/**
 * Checks what the documents point to: files, headings, and the commands of this repository. Addresses elsewhere are not
 * asked for; the check needs no network.
 */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

/** What the documents below `root` point to and is not there. */
export const findBroken = (root: string): ReadonlyArray<string> => {
  const read = (file: string): string => readFileSync(join(root, file), "utf8")
  const { scripts = {} } = JSON.parse(read("package.json"))
  const documents = globSync(["*.md", "bench/*.md", "docs/**/*.md", "packages/*/*.md"], { cwd: root }).toSorted()
  const headings = new Map<string, ReadonlySet<string>>()
  const hasHeading = (file: string, heading: string): boolean => {
    if (!headings.has(file)) headings.set(file, headingsOf(read(file)))
    return headings.get(file)!.has(heading)
  }
  const problems: Array<string> = []
  for (const document of documents) {
    const text = read(document)
    for (const [, target = ""] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = "", heading] = target.split("#")
      const file = path === "" ? document : normalize(join(dirname(document), path))
      if (!existsSync(join(root, file))) problems.push(`${document}: there is no ${target}`)
      else if (heading !== undefined && file.endsWith(".md") && !hasHeading(file, heading)) {
        problems.push(`${document}: ${file} has no heading #${heading}`)
      }
    }
    for (const [, command = ""] of text.matchAll(/\bnpx -y pnpm@12 ([a-z][a-z-]*)/g)) {
      if (scripts[command] === undefined && command !== "exec" && command !== "install") {
        problems.push(`${document}: there is no command ${command}`)
      }
    }
    for (const [, command = ""] of text.matchAll(/\bpnpm ([a-z][a-z-]*)/g)) {
      if (scripts[command] !== undefined || command === "exec") {
        problems.push(`${document}: not everybody has pnpm: npx -y pnpm@12 ${command}`)
      }
    }
  }
  return problems
}

const withoutCode = (text: string): string =>
  text.replaceAll(/^(`{3,}|~{3,}).*?^\1/gms, "").replaceAll(/`[^`\n]*`/g, "")

/** The anchors that GitHub gives the headings of a document. */
const headingsOf = (text: string): ReadonlySet<string> => {
  const anchors = new Set<string>()
  for (const [, title = ""] of text.replaceAll(/^(`{3,}|~{3,}).*?^\1/gms, "").matchAll(/^#+ (.+)$/gm)) {
    const anchor = title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

if (import.meta.main) {
  const broken = findBroken(join(import.meta.dirname, ".."))
  for (const problem of broken) console.log(problem)
  if (broken.length > 0) process.exitCode = 1
}
