/**
 * Installs the packages into `bench/.installed` as users get them: packed by pnpm (built JavaScript, exports that point at
 * it) and unpacked into `node_modules`. Other packages there are links to those of the workspace. Types are stripped from
 * the client programs beforehand, so that no measured process spends time on TypeScript.
 */
import { execFileSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { basename, dirname, join } from "node:path"

const root = join(import.meta.dirname, "..")
const installed = join(import.meta.dirname, ".installed")
const nodeModules = join(installed, "node_modules")

/** Returns the path of a compiled client program. */
export const program = (name: string): string => join(installed, "clients", `${name}.js`)

/** Replaces the installation. */
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
  writeFileSync(program("start-bare"), `import { printAtExit } from "./figures.js"\nprintAtExit(() => ({}))\n`)
}

const unpack = (name: string): void => {
  const folder = join(nodeModules, "@effect-heroku", name)
  mkdirSync(folder, { recursive: true })
  // Scripts of pnpm have it on their path. Packing builds the package.
  const archive = join(installed, `${name}.tgz`)
  const folderOfSource = join(root, "packages", name)
  execFileSync("pnpm", ["--silent", "--dir", folderOfSource, "pack", "--out", archive], { stdio: ["ignore", 2, 2] })
  execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"])
}

const compile = (source: string): string =>
  stripTypeScriptTypes(source).replaceAll(/(from\s+"\.\/[^"]+)\.ts"/g, `$1.js"`)
