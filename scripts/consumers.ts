/**
 * Tries the packages as users get them: packs them, installs the packed files with npm into an empty project, compiles
 * examples there, and runs them against the packed sandbox on every supported runtime.
 *
 * It needs the npm registry, so it is not part of `pnpm check`. It needs the machine's `npm`, and `pnpm` in PATH, where
 * pnpm's scripts have it.
 */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const root = join(import.meta.dirname, "..")
const folder = mkdtempSync(join(tmpdir(), "consumers-"))
const project = join(folder, "project")
const packages = ["core", "http-node", "testing"]
const runtimes = ["node@22.21", "node@24", "node@26", "bun@1.4"]
/** Runs programs only: vitest does not support it. */
const deno = "deno@2.9"
/** For packages that esbuild cannot turn into ES modules: `redis`. docs/getting-started.md shows it. */
const esbuildBanner =
  "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url)"
const compilers = { "typescript-7": "7.0.2", "typescript-6": "6.0.3", "typescript-5": "5.9.3" }

/** Runs a program to its end, and returns what it printed. */
const run = (cwd: string, program: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}): string => {
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
    timeout: 300_000
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stdout}${stderr}`)
  return stdout
}

const failed: Array<string> = []

/** Reports whether a step succeeds, and lets the rest go ahead when it does not. */
const step = (name: string, check: () => void): void => {
  try {
    check()
    console.log(`ok     ${name}`)
  } catch (error) {
    failed.push(name)
    console.log(`FAILED ${name}\n${String(error instanceof Error ? error.message : error).replace(/^/gm, "  | ")}`)
  }
}

const expect = (condition: boolean, problem: string): void => {
  if (!condition) throw new Error(problem)
}

const writeProject = (tarballs: ReadonlyMap<string, string>): void => {
  const json = (value: unknown): string => JSON.stringify(value, null, 2)
  const catalog = new Map(
    [...readFileSync(join(root, "pnpm-workspace.yaml"), "utf8").matchAll(/^ {2}"?([^"\s:]+)"?: (\d\S*)$/gm)]
      .map(([, name = "", version]) => [name, version])
  )
  const versions = (...names: ReadonlyArray<string>) =>
    Object.fromEntries(names.map((name) => [name, catalog.get(name)]))
  mkdirSync(project)
  writeFileSync(
    join(project, "package.json"),
    json({
      private: true,
      type: "module",
      dependencies: {
        ...Object.fromEntries([...tarballs].map(([name, file]) => [`@effect-heroku/${name}`, `file:${file}`])),
        ...versions("effect", "@effect/platform-node")
      },
      devDependencies: {
        ...versions("@effect/vitest", "@types/node", "vitest", "vite"),
        esbuild: "0.28.0",
        msw: "^2.0.0",
        nock: "^15.0.0",
        undici: "^8.0.0",
        ...Object.fromEntries(Object.entries(compilers).map(([name, version]) => [name, `npm:typescript@${version}`]))
      }
    })
  )
  const compilerOptions = {
    target: "ES2024",
    lib: ["ES2024", "DOM"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    noEmit: true
  }
  const resolutions = { nodenext: { module: "NodeNext" }, bundler: { module: "ESNext", moduleResolution: "Bundler" } }
  for (const [name, resolution] of Object.entries(resolutions)) {
    writeFileSync(join(project, `${name}.json`), json({ compilerOptions: { ...compilerOptions, ...resolution } }))
  }

  for (const name of ["interceptors.ts", "once.ts", "twoCopies.ts"]) {
    cpSync(join(root, "scripts", name), join(project, name))
  }
  for (const name of ["audit.ts", "fetch.ts", "testing"]) {
    cpSync(join(root, "examples", name), join(project, name), { recursive: true })
  }
  const specifiers = packages.flatMap((name) =>
    globSync("src/*.ts", { cwd: join(root, "packages", name) })
      .map((file) => `@effect-heroku/${name}/${file.slice("src/".length, -".ts".length)}`.replace(/\/index$/, ""))
  )
  writeFileSync(join(project, "everything.ts"), specifiers.map((specifier) => `import "${specifier}"\n`).join(""))
}

/** Starts the packed sandbox, and returns its URL and a way to stop it. */
const startSandbox = async () => {
  const child = spawn("npx", ["--no-install", "heroku-sandbox", "--quiet"], {
    cwd: project,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const [line] = await once(createInterface(child.stdout), "line", { signal: AbortSignal.timeout(30_000) })
  return { url: /http:\/\/\S+/.exec(line)?.[0], stop: () => process.kill(-child.pid!) }
}

try {
  step("pack", () => {
    run(root, "pnpm", ["-r", "--filter", "./packages/*", "pack", "--pack-destination", join(folder, "packed")])
  })
  const tarballOf = (name: string): string => {
    const file = readdirSync(join(folder, "packed")).find((file) => file.startsWith(`effect-heroku-${name}-`))!
    return join(folder, "packed", file)
  }
  for (const name of [...packages, "cli"]) {
    step(`publint of ${name}`, () => run(root, "pnpm", ["exec", "publint", "run", tarballOf(name), "--strict"]))
  }
  writeProject(new Map(packages.map((name) => [name, tarballOf(name)])))
  step("npm install", () => run(project, "npm", ["install", "--no-audit", "--no-fund"]))
  // The command line needs no other package: `--offline` shows it.
  step("npm install --global of cli", () => {
    run(folder, "npm", ["install", "--global", "--offline", "--prefix", join(folder, "global"), tarballOf("cli")])
  })
  for (
    const [compiler, resolution] of [
      ["typescript-7", "nodenext"],
      ["typescript-7", "bundler"],
      ["typescript-6", "nodenext"],
      ["typescript-5", "bundler"]
    ]
  ) {
    step(`compile with ${compiler} and ${resolution}`, () => {
      run(project, process.execPath, [`node_modules/${compiler}/bin/tsc`, "-p", `${resolution}.json`])
    })
  }
  const { stop, url } = await startSandbox()
  for (const runtime of runtimes) {
    step(`run on ${runtime}`, () => {
      const start = (...args: ReadonlyArray<string>): string =>
        run(project, "npx", ["-y", runtime, ...args], { HEROKU_API_KEY: "any", HEROKU_API_URL: url })
      const version = start("--version").replace(/^v/, "")
      expect(version.startsWith(runtime.split("@")[1]!), `this is version ${version}`)
      start("everything.ts")
      const count = start("fetch.ts")
      expect(count === "450 authorizations\n", `fetch.ts printed:\n${count}`)
      const audit = start("audit.ts")
      expect(/^\S+ .*\d{4}-\d\d-\d\d$/m.test(audit), `audit.ts printed:\n${audit}`)
      start("node_modules/vitest/vitest.mjs", "run", "--pool=threads")
      if (runtime.startsWith("node@")) {
        const program = realpathSync(join(folder, "global/bin/heroku-authorizations"))
        const lines = start(program, "list", "--json").trimEnd().split("\n")
        expect(lines.length === 450, `heroku-authorizations list printed ${lines.length} lines`)
      }
    })
  }
  for (const runtime of [...runtimes, deno]) {
    step(`send create and regenerate once on ${runtime}`, () => {
      const args = runtime === deno ? ["run", "-A", "--no-lock", "--node-modules-dir=manual", "once.ts"] : ["once.ts"]
      const printed = run(project, "npx", ["-y", runtime, ...args])
      const outcomes = (times: number) =>
        ["create", "regenerate"].map((name) => `${name} sent ${times} time(s), outcome unknown`).join("; ")
      // The `fetch` of Deno sends a request again by itself, as docs/getting-started.md says.
      const expected = `NodeAuthorizationService: ${outcomes(1)}\nfetch: ${outcomes(runtime === deno ? 2 : 1)}\n`
      expect(printed === expected, `once.ts printed:\n${printed}`)
    })
  }
  for (
    const [library, outcome] of [["msw", "the mock"], ["nock", "the mock"], ["undici", "the real server"]] as const
  ) {
    step(`intercept requests with ${library}`, () => {
      const printed = run(project, process.execPath, ["interceptors.ts", library])
      expect(
        printed === `NodeAuthorizationService: ${outcome}\nfetch: the mock\n`,
        `interceptors.ts printed:\n${printed}`
      )
    })
  }
  step("say that there are two copies of effect", () => {
    const copy = join(project, "two-copies")
    cpSync(join(project, "node_modules/effect"), join(copy, "node_modules/effect"), { recursive: true })
    cpSync(join(project, "twoCopies.ts"), join(copy, "twoCopies.ts"))
    const printed = run(copy, process.execPath, ["twoCopies.ts"])
    expect(printed.includes("token: cannot be read: it was wiped, or comes from another copy of effect"), printed)
  })
  for (const [program, banner] of [["audit.ts", ""], ["everything.ts", esbuildBanner]] as const) {
    step(`bundle ${program} with esbuild as an ES module`, () => {
      // Without `--splitting`, esbuild leaves out the start of a module of @effect/platform-node.
      const options = ["--bundle", "--platform=node", "--format=esm", "--splitting", "--outdir=bundle"]
      run(project, "npx", ["--no-install", "esbuild", program, ...options, `--banner:js=${banner}`])
      run(project, process.execPath, [`bundle/${program.replace(/ts$/, "js")}`], {
        HEROKU_API_KEY: "any",
        HEROKU_API_URL: url
      })
    })
  }
  stop()
} finally {
  rmSync(folder, { recursive: true })
}

console.log(failed.length === 0 ? "\nThe packages work as packed" : `\nFailed: ${failed.join(", ")}`)
if (failed.length > 0) process.exitCode = 1
