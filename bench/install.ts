/**
 * Installs the packages as users get them into `bench/.installed`, and the clients next to them: packed by pnpm (built
 * JavaScript, exports pointing at it) and unpacked into a `node_modules` of its own. Other packages there are links to
 * those of the workspace, so that all clients share their versions.
 *
 * The clients are compiled by stripping their types, as Node does it on the fly when it runs the sources: what is measured
 * spends no time on TypeScript.
 */
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { basename, dirname, join } from "node:path"

const root = join(import.meta.dirname, "..")
const installed = join(import.meta.dirname, ".installed")
const nodeModules = join(installed, "node_modules")

/** A compiled client program. */
export const program = (name: string): string => join(installed, "clients", `${name}.js`)

/** Installs everything anew. */
export const install = (): void => {
  rmSync(installed, { recursive: true, force: true })
  for (const name of ["core", "http-node"]) unpack(name)
  for (const name of ["effect", "@effect/platform-node", "undici", "heroku-client", "@heroku/http-call"]) {
    const link = join(nodeModules, name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, "node_modules", name), link)
  }
  mkdirSync(join(installed, "clients"))
  writeFileSync(join(installed, "package.json"), JSON.stringify({ private: true, type: "module" }))
  for (const file of globSync("clients/*.ts", { cwd: import.meta.dirname })) {
    const source = readFileSync(join(import.meta.dirname, file), "utf8")
    writeFileSync(program(basename(file, ".ts")), compile(source))
  }
  writeStartPrograms()
}

const unpack = (name: string): void => {
  const folder = join(nodeModules, "@effect-heroku", name)
  mkdirSync(folder, { recursive: true })
  // `pnpm bench` has pnpm on its path. Packing builds.
  const archive = join(installed, `${name}.tgz`)
  const folderOfSource = join(root, "packages", name)
  execFileSync("pnpm", ["--silent", "--dir", folderOfSource, "pack", "--out", archive], { stdio: ["ignore", 2, 2] })
  execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"])
}

const compile = (source: string): string =>
  stripTypeScriptTypes(source).replaceAll(/(from\s+"\.\/[^"]+)\.ts"/g, `$1.js"`)

// -----------------------------------------------------------------------------
// What the start is compared with
// -----------------------------------------------------------------------------

const writeStartPrograms = (): void => {
  const tell = `import { tellAtExit } from "./figures.js"\ntellAtExit(() => ({}))\n`
  const imports = foreignModules().map((module) => `import ${JSON.stringify(module)}\n`).join("")
  writeFileSync(program("start-bare"), tell)
  writeFileSync(program("start-modules"), imports + tell)
}

/** Tells, of every module that is loaded, who asked for it. */
const hook = `
  import { registerHooks } from "node:module"
  import { writeSync } from "node:fs"
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL !== undefined) writeSync(1, JSON.stringify([specifier, context.parentURL]) + "\\n")
      return next(specifier, context)
    }
  })
`

/** The modules of other packages that ours ask for while the layer is imported and built, in the order they come. */
const foreignModules = (): ReadonlyArray<string> => {
  const tracer = join(installed, "tracer.js")
  writeFileSync(tracer, hook)
  const output = execFileSync(process.execPath, ["--import", tracer, program("start")], { encoding: "utf8" })
  const asked = output.split("\n").filter((line) => line.startsWith("[")).map((line): [string, string] =>
    JSON.parse(line)
  )
  return [
    ...new Set(
      asked.filter(([specifier, by]) => by.includes("/@effect-heroku/") && !/^(?:\.|@effect-heroku\/)/.test(specifier))
        .map(([specifier]) => specifier)
    )
  ]
}
