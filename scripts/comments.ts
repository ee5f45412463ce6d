/**
 * Checks that every public export of the packages, and every member of exported classes and interfaces, has a comment.
 */
import { globSync } from "node:fs"
import { basename, join } from "node:path"
import { API, type Checker, type Symbol, SymbolFlags } from "typescript/unstable/sync"

/** Finds the exports and members without a comment in the packages below `root`. */
export const findUncommented = (root: string): ReadonlyArray<string> => {
  const api = new API({ cwd: root })
  try {
    const configs = globSync("packages/*/tsconfig.json", { cwd: root }).toSorted().map((path) => join(root, path))
    const snapshot = api.updateSnapshot({ openProjects: configs })
    return configs.flatMap((config) => {
      const { checker, program } = snapshot.getProject(config)!
      return globSync("src/*.ts", { cwd: join(config, "..") })
        .filter((file) => basename(file) !== "index.ts")
        .toSorted()
        .flatMap((file) => {
          const source = program.getSourceFile(join(config, "..", file))!
          return checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
            .map((symbol) => has(symbol, SymbolFlags.Alias) ? checker.getAliasedSymbol(symbol) : symbol)
            .flatMap((symbol) =>
              [{ symbol, name: symbol.name }].concat(
                membersOf(checker, symbol).map((member) => ({ symbol: member, name: `${symbol.name}.${member.name}` }))
              )
            )
            .filter(({ symbol }) => checker.getDocumentationCommentOfSymbol(symbol).trim() === "")
            .map(({ name }) => `${basename(file, ".ts")}: ${name} has no comment`)
        })
    })
  } finally {
    api.close()
  }
}

const has = (symbol: Symbol, flags: SymbolFlags): boolean => (symbol.flags & flags) !== 0

/** The members that the packages declare themselves, without those inherited from Effect's classes. */
const membersOf = (checker: Checker, symbol: Symbol): ReadonlyArray<Symbol> => {
  if (!has(symbol, SymbolFlags.Class | SymbolFlags.Interface)) return []
  const members = [
    ...checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)),
    ...(has(symbol, SymbolFlags.Class) ? symbol.getExports().values() : [])
  ]
  return members.filter(({ declarations, name }) =>
    !["_tag", "prototype"].includes(name)
    && declarations.some(({ path }) => path.includes("/packages/") && !path.includes("/node_modules/"))
  )
}

if (import.meta.main) {
  const problems = findUncommented(join(import.meta.dirname, ".."))
  for (const problem of problems) console.log(problem)
  if (problems.length > 0) process.exitCode = 1
}
