/**
 * The picture of the architecture, drawn from the imports of the code: which public module uses which, itself or through
 * files of `internal/`. `generate.ts` puts it into the guide.
 */
import { globSync, readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"

/** A Mermaid diagram of the public modules below `root`. */
export const drawImports = (root: string): string => {
  const files = new Map(
    globSync("packages/*/src/**/*.ts", { cwd: root }).toSorted().map((file) => [file, readImports(root, file)])
  )
  const packages = new Set([...files.keys()].map((file) => file.split("/")[1]!))
  const nodes = [...files.keys()].filter(isPublic)
  const edges = new Map(nodes.map((file) => [file, reach(files, file)]))
  return [
    "flowchart BT",
    ...Array.from(packages, (name) => {
      const own = nodes.filter((file) => file.startsWith(`packages/${name}/`))
      return [
        `  subgraph ${name}["@effect-heroku/${name}"]`,
        ...own.map((file) => `    ${node(file)}`),
        "  end"
      ].join("\n")
    }),
    ...[...edges].flatMap(([file, used]) =>
      [...used].filter((other) => !isImplied(edges, file, other)).map((other) => `  ${name(file)} --> ${name(other)}`)
    )
  ].join("\n")
}

/** The files that a file imports, as far as they are ours. Types count: what a module is built on is also its types. */
const readImports = (root: string, file: string): ReadonlyArray<string> => {
  const text = readFileSync(join(root, file), "utf8")
  return [...text.matchAll(/^(?:import|export)\b[^"]*?\bfrom "([^"]+)"/gm)].flatMap(([, specifier = ""]) => {
    const [, name, module] = /^@effect-heroku\/([\w-]+)\/(\w+)$/.exec(specifier) ?? []
    if (name !== undefined) return [`packages/${name}/src/${module}.ts`]
    return specifier.startsWith(".") ? [relative(root, resolve(root, file, "..", specifier))] : []
  })
}

const isPublic = (file: string): boolean => !file.includes("/internal/") && !file.endsWith("/index.ts")

/** The public modules that a file uses, itself or through private files. */
const reach = (files: ReadonlyMap<string, ReadonlyArray<string>>, file: string): ReadonlySet<string> => {
  const seen = new Set<string>([file])
  const found = new Set<string>()
  const visit = (from: string): void => {
    for (const to of files.get(from) ?? []) {
      if (seen.has(to)) continue
      seen.add(to)
      if (isPublic(to)) found.add(to)
      else visit(to)
    }
  }
  visit(file)
  return found
}

/** Whether an arrow only says what others say together: from A to C where there are A to B and B to C. */
const isImplied = (edges: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean => {
  const seen = new Set<string>()
  const leads = (file: string): boolean => {
    if (seen.has(file)) return false
    seen.add(file)
    const used = edges.get(file) ?? new Set()
    return used.has(to) || [...used].some(leads)
  }
  return [...edges.get(from) ?? []].some((other) => other !== to && leads(other))
}

const name = (file: string): string => /([^/]+)\.ts$/.exec(file)![1]!

const node = (file: string): string => name(file) === "bin" ? `bin["the sandbox program"]` : name(file)
