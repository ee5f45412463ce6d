/**
 * Uses the packages as people get them: packs them, installs the packed files with npm and with pnpm into empty projects,
 * compiles the README's code there, and runs it against the packed sandbox, on every runtime that we say we support.
 *
 * It needs the npm registry, and is therefore no part of `pnpm check`; CI runs it on its own. It needs the machine's
 * `npm`, and `pnpm` in PATH, as it is in scripts that pnpm runs.
 */
import { spawn, spawnSync } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import core from "../packages/core/package.json" with { type: "json" }

const root = join(import.meta.dirname, "..")
const folder = mkdtempSync(join(tmpdir(), "consumers-"))

const packages = ["core", "http-node", "testing"]
/** Those that people compile with, by the name under which the projects install them. */
const compilers = {
  typescript: "7.0.2",
  "typescript-6": "npm:typescript@6.0.3",
  "typescript-5": "npm:typescript@5.9.3"
}
/** How modules are found: `module` and `moduleResolution` of the projects' compiler options. */
const resolutions = {
  nodenext: { module: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "Bundler" }
}

// -----------------------------------------------------------------------------
// Steps
// -----------------------------------------------------------------------------

interface Ran {
  readonly stdout: string
  readonly output: string
}

/** Runs a program to its end; what it printed, should it fail, is the error. */
const run = (cwd: string, program: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): Ran => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: 300_000
  })
  if (error !== undefined) throw error
  const output = stdout + stderr
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${output}`)
  return { stdout, output }
}

const failed: Array<string> = []

/** A step that may fail without ending the rest. */
const step = (name: string, check: () => void): void => {
  const start = performance.now()
  try {
    check()
    console.log(`ok     ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failed.push(name)
    console.log(`FAILED ${name}\n${String(error instanceof Error ? error.message : error).replace(/^/gm, "  | ")}`)
  }
}

const expect = (condition: boolean, problem: string): void => {
  if (!condition) throw new Error(problem)
}

// -----------------------------------------------------------------------------
// The packed files
// -----------------------------------------------------------------------------

// All packages have one version.
const tarball = (name: string): string => join(folder, "packed", `effect-heroku-${name}-${core.version}.tgz`)

/** What is shipped is code, what its source maps lead to, and nothing else; and every map leads to something. */
const checkFiles = (directory: string): void => {
  const files = globSync("**/*.*", { cwd: directory, exclude: ["node_modules"] })
  const needed = new Set(["package.json", "README.md"])
  for (const file of files.filter((name) => /^dist\/.*\.(?:js|d\.ts)$/.test(name))) {
    needed.add(file)
    const [, map] = /^\/\/# sourceMappingURL=(\S+)$/m.exec(readFileSync(join(directory, file), "utf8")) ?? []
    expect(map !== undefined, `${file} names no source map`)
    const mapFile = join(dirname(file), map!)
    needed.add(mapFile)
    const { sourceRoot = "", sources } = JSON.parse(readFileSync(join(directory, mapFile), "utf8"))
    for (const source of sources) {
      const path = relative(directory, resolve(directory, dirname(mapFile), sourceRoot, source))
      expect(existsSync(join(directory, path)), `${mapFile} leads to ${path}, which is not there`)
      needed.add(path)
    }
  }
  const useless = files.filter((file) => !needed.has(file))
  expect(useless.length === 0, `nothing needs ${useless.join(", ")}`)
  expect(existsSync(join(directory, "LICENSE")), "there is no LICENSE")
}

// -----------------------------------------------------------------------------
// Projects
// -----------------------------------------------------------------------------

/** The code of the README, by the names of the examples it is taken from. */
const readmeCode = (): ReadonlyMap<string, string> => {
  const readme = readFileSync(join(root, "README.md"), "utf8")
  return new Map(
    [...readme.matchAll(/<!-- code: examples\/([\w.-]+)(?:#[\w-]+)? -->\n\n```ts\n(.*?)```/gs)]
      .map(([, name, code]) => [name!, code!])
  )
}

/** The versions of the catalog that the workspace is developed with. */
const catalog: Readonly<Record<string, string>> = Object.fromEntries(
  [...readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").matchAll(/^ {2}"?([^"\s:]+)"?: (\d\S*)$/gm)]
    .map(([, name, version]) => [name!, version!])
)

const makeProject = (packageManager: "npm" | "pnpm"): string => {
  const project = join(folder, packageManager)
  mkdirSync(project)
  const packed = Object.fromEntries(packages.map((name) => [`@effect-heroku/${name}`, `file:${tarball(name)}`]))
  const json = (value: unknown) => JSON.stringify(value, null, 2)
  writeFileSync(
    join(project, "package.json"),
    json({
      name: "consumer",
      private: true,
      type: "module",
      dependencies: {
        ...packed,
        effect: catalog["effect"],
        "@effect/platform-node": catalog["@effect/platform-node"]
      },
      devDependencies: {
        "@effect/vitest": catalog["@effect/vitest"],
        "@types/node": catalog["@types/node"],
        vitest: catalog["vitest"],
        vite: catalog["vite"],
        ...compilers
      }
    })
  )
  // The packages name each other by version, and are not in the registry yet.
  writeFileSync(join(project, "pnpm-workspace.yaml"), `packages: []\noverrides: ${JSON.stringify(packed)}\n`)
  const compilerOptions = {
    target: "ES2024",
    lib: ["ES2024", "DOM"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    skipLibCheck: false,
    noEmit: true
  }
  for (const [name, resolution] of Object.entries(resolutions)) {
    writeFileSync(
      join(project, `tsconfig.${name}.json`),
      json({ compilerOptions: { ...compilerOptions, ...resolution } })
    )
  }
  for (const [name, code] of readmeCode()) writeFileSync(join(project, name), code)
  copyFileSync(join(root, "examples/fetch.ts"), join(project, "fetch.ts"))
  writeFileSync(join(project, "everything.ts"), everything())
  return project
}

/** Imports every module, by root and by subpath. */
const everything = (): string => {
  const lines = packages.flatMap((name) => {
    const modules = globSync("src/*.ts", { cwd: join(root, "packages", name) })
      .map((file) => file.slice("src/".length, -".ts".length))
      .filter((module) => !["index", "bin"].includes(module))
    const id = name.replaceAll("-", "_")
    return [
      `import * as ${id} from "@effect-heroku/${name}"`,
      `console.log(Object.keys(${id}))`,
      ...modules.flatMap((module) => [
        `import * as ${id}_${module} from "@effect-heroku/${name}/${module}"`,
        `console.log(Object.keys(${id}_${module}).length)`
      ])
    ]
  })
  return `${lines.join("\n")}\n`
}

// -----------------------------------------------------------------------------
// Against the sandbox
// -----------------------------------------------------------------------------

interface Sandbox {
  readonly url: string
  readonly stop: () => void
}

/** Starts the packed sandbox, as its package's readme says. */
const startSandbox = (project: string): Promise<Sandbox> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(project, "node_modules/@effect-heroku/testing/dist/bin.js"), "--quiet"])
    let output = ""
    const read = (data: Buffer) => {
      output += data
      const url = /http:\/\/\S+/.exec(output)?.[0]
      if (url !== undefined) resolve({ url, stop: () => child.kill() })
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("exit", () => reject(new Error(`The sandbox ended:\n${output}`)))
  })

/** A runtime, and whether `NodeAuthorizationService` is of use on it: Bun has no undici. */
interface Runtime {
  readonly name: string
  readonly command: string
  readonly undici: boolean
}

const runtimes: ReadonlyArray<Runtime> = [
  ...["22.19", "24", "26"].map((version) => ({ name: `Node ${version}`, command: `node@${version}`, undici: true })),
  { name: "Bun 1.4", command: "bun@1.4", undici: false }
]

const checkRuntime = (project: string, url: string, { command, name, undici }: Runtime): void => {
  const start = (...args: ReadonlyArray<string>) =>
    run(project, "npx", ["-y", command, ...args], { HEROKU_API_KEY: "any", HEROKU_API_URL: url })
  const [, version = ""] = name.split(" ")
  const [running = ""] = start("--version").stdout.replace(/^v/, "").split("\n")
  expect(running.startsWith(`${version}.`), `this is ${running}`)
  start("everything.ts")
  const count = start("fetch.ts").stdout
  expect(count === "450 authorizations\n", `fetch.ts printed:\n${count}`)
  if (undici) {
    const audit = start("audit.ts").stdout
    expect(/^\S+ can do everything, for ever, since \d{4}-\d\d-\d\d$/m.test(audit), `audit.ts printed:\n${audit}`)
  }
  const tests = start("node_modules/vitest/vitest.mjs", "run", "--pool=threads").output
  expect(/Tests +2 passed \(2\)/.test(tests), `vitest printed:\n${tests}`)
}

// -----------------------------------------------------------------------------

try {
  step("pack", () => {
    run(root, "pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", join(folder, "packed")])
  })
  for (const name of packages) {
    step(`publint of ${name}`, () => run(root, "pnpm", ["exec", "publint", "run", tarball(name), "--strict"]))
  }

  for (const packageManager of ["npm", "pnpm"] as const) {
    const project = makeProject(packageManager)
    step(`install with ${packageManager}`, () => {
      run(project, packageManager, ["install", ...(packageManager === "npm" ? ["--no-audit", "--no-fund"] : [])])
    })
    for (const name of packages) {
      step(`files of ${name}`, () => checkFiles(join(project, "node_modules/@effect-heroku", name)))
    }
    const compile = (compiler: string, resolution: string): void =>
      step(`compile with ${compiler}, ${resolution}`, () => {
        const tsc = join(project, "node_modules", compiler, "bin/tsc")
        run(project, process.execPath, [tsc, "-p", `tsconfig.${resolution}.json`])
      })
    for (const resolution of Object.keys(resolutions)) compile("typescript", resolution)
    // Older compilers take half a minute; how the files are found does not depend on them.
    if (packageManager === "npm") {
      compile("typescript-6", "nodenext")
      compile("typescript-5", "bundler")
    }
    // oxlint-disable-next-line no-await-in-loop -- one package manager after the other
    const sandbox = await startSandbox(project)
    // On which runtime it runs does not depend on who installed it.
    for (const runtime of packageManager === "npm" ? runtimes : runtimes.slice(0, 1)) {
      step(`run on ${runtime.name}`, () => checkRuntime(project, sandbox.url, runtime))
    }
    sandbox.stop()
  }
} finally {
  rmSync(folder, { recursive: true })
}

console.log(failed.length === 0 ? "\nThe packages work as packed" : `\nFailed: ${failed.join(", ")}`)
if (failed.length > 0) process.exitCode = 1
