/**
 * Checks that every public export of the packages, and every member of exported classes and interfaces, has a comment.
 * The argument is the folder with `packages`, by default this repository.
 */
import { globSync } from "node:fs"
import { basename, join } from "node:path"
import { API, type Checker, type Symbol, SymbolFlags } from "typescript/unstable/sync"

const has = (symbol: Symbol, flags: SymbolFlags): boolean => (symbol.flags & flags) !== 0

/** Lists the members that are declared where the class or interface is, without inherited ones. */
const membersOf = (checker: Checker, symbol: Symbol): ReadonlyArray<Symbol> => {
  if (!has(symbol, SymbolFlags.Class | SymbolFlags.Interface)) return []
  const members = [
    ...checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)),
    ...(has(symbol, SymbolFlags.Class) ? symbol.getExports().values() : [])
  ]
  return members.filter(({ declarations, name }) =>
    !["_tag", "prototype"].includes(name)
    && declarations.some(({ path }) => symbol.declarations.some((declaration) => declaration.path === path))
  )
}

const root = process.argv[2] ?? join(import.meta.dirname, "..")
const configs = globSync("packages/*/tsconfig.json", { cwd: root }).toSorted().map((path) => join(root, path))
const api = new API({ cwd: root })
const snapshot = api.updateSnapshot({ openProjects: configs })
for (const config of configs) {
  const { checker, program } = snapshot.getProject(config)!
  const report = (symbol: Symbol, name: string): void => {
    if (checker.getDocumentationCommentOfSymbol(symbol).trim() !== "") return
    console.log(`${name} has no comment`)
    process.exitCode = 1
  }
  for (const file of globSync("src/*.ts", { cwd: join(config, ".."), exclude: ["src/index.ts"] }).toSorted()) {
    const source = program.getSourceFile(join(config, "..", file))!
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)) {
      const symbol = has(exported, SymbolFlags.Alias) ? checker.getAliasedSymbol(exported) : exported
      const name = `${basename(file, ".ts")}.${symbol.name}`
      report(symbol, name)
      for (const member of membersOf(checker, symbol)) report(member, `${name}.${member.name}`)
    }
  }
}
snapshot.dispose()
api.close()
