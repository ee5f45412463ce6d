/** Which modules a program loads, in a process of its own: it loads no store that it does not use. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** The URLs of all modules that are loaded by importing a module, and by the statements that follow. */
const loadedBy = (specifier: string, statements = "", env: NodeJS.ProcessEnv = process.env) =>
  Effect.sync((): ReadonlyArray<string> => {
    const program = `
      import { registerHooks } from "node:module"
      const loaded = []
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
      process.on("exit", () => console.log(JSON.stringify(loaded)))
      const module = await import(${JSON.stringify(specifier)})
      ${statements}
    `
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      env
    })
    return JSON.parse(output)
  })

describe("imports", () => {
  it.effect.each(["HttpAuthorizationService", "NodeAuthorizationService", "AccountClients"])(
    "importing %s loads neither a store nor undici",
    (name) =>
      Effect.gen(function*() {
        const loaded = yield* loadedBy(`@effect-heroku/http-node/${name}`)
        assert.isAbove(loaded.length, 20)
        assert.isEmpty(
          loaded.filter((url) => /effect\/(?:dist|src)\/(?:persistence|sql)\/|\/redis\/|@redis\/|\/undici\//.test(url))
        )
      })
  )

  it.effect("importing the root of the package does not load the Redis client", () =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy("@effect-heroku/http-node")
      assert.isTrue(loaded.some((url) => url.endsWith("/RequestBudget.ts")))
      assert.isEmpty(loaded.filter((url) => /\/redis\/|@redis\//.test(url)))
    }))

  it.effect.each(
    [
      ["@effect-heroku/http-node/RequestBudget", /\/(?:Authorization|response|jsonArray)\.ts$/],
      ["@effect-heroku/core/ListRange", /\/(?:Authorization|wire|lifetime)\.ts$/]
    ] as const
  )("importing %s loads no schema of an authorization", ([module, schemas]) =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy(module)
      assert.isTrue(loaded.some((url) => url.endsWith(`${module.split("/").at(-1)}.ts`)))
      assert.isEmpty(loaded.filter((url) => schemas.test(url)))
    }))

  it.effect.each<[string, boolean, NodeJS.ProcessEnv]>([
    ["loads no module for files or processes when HEROKU_API_KEY is set", false, { HEROKU_API_KEY: "HRKU-env" }],
    ["loads modules for files and processes when it looks for a stored token", true, { HOME: "/nowhere" }]
  ])("NodeAuthorizationService.layerConfig %s", ([, expected, env]) =>
    Effect.gen(function*() {
      const build = `
        const { Effect, Layer } = await import("effect")
        await Effect.runPromiseExit(Effect.scoped(Layer.build(module.layerConfig())))
      `
      const loaded = yield* loadedBy("@effect-heroku/http-node/NodeAuthorizationService", build, env)
      const forFiles = loaded.filter((url) =>
        /^node:(?:fs|child_process)|NodeFileSystem|NodeChildProcessSpawner/.test(url)
      )
      assert.strictEqual(forFiles.length > 0, expected, forFiles.join())
    }))
})
