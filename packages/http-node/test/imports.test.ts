/** Which modules a program loads, in a process of its own: it loads no store and no file system that it does not use. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** The URLs of all modules that are loaded by importing a module and running this code, also in the background. */
const loadedBy = (specifier: string, code = "", env: NodeJS.ProcessEnv = {}) =>
  Effect.sync((): ReadonlyArray<string> => {
    const program = `
      import { registerHooks } from "node:module"
      const loaded = []
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
      process.on("exit", () => console.log(JSON.stringify(loaded)))
      const module = await import(${JSON.stringify(specifier)})
      ${code}
    `
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      env: { ...process.env, ...env }
    })
    return JSON.parse(output)
  })

describe("imports", () => {
  it.effect.each(["HttpAuthorizationService", "NodeAuthorizationService", "AccountClients"])(
    "importing %s loads no store",
    (name) =>
      Effect.gen(function*() {
        const loaded = yield* loadedBy(`@effect-heroku/http-node/${name}`)
        const stores = loaded.filter((url) =>
          /effect\/(?:dist|src)\/(?:persistence|sql)\/|\/redis\/|@redis\//.test(url)
        )
        assert.isAbove(loaded.length, 20)
        assert.isEmpty(stores)
      })
  )

  it.effect("NodeAuthorizationService.layerConfig loads no file system when HEROKU_API_KEY is set", () =>
    Effect.gen(function*() {
      const build = `
        const [Effect, Layer] = await Promise.all([import("effect/Effect"), import("effect/Layer")])
        await Effect.runPromise(Effect.scoped(Layer.build(module.layerConfig())))
      `
      const node = "@effect-heroku/http-node/NodeAuthorizationService"
      const loaded = yield* loadedBy(node, build, { HEROKU_API_KEY: "HRKU-mine" })
      assert.isAbove(loaded.length, 20)
      assert.isEmpty(loaded.filter((url) => url.includes("NodeFileSystem")))
    }))

  it.effect("importing the root of the package does not load the Redis client", () =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy("@effect-heroku/http-node")
      assert.isTrue(loaded.some((url) => url.endsWith("/RequestBudget.ts")))
      assert.isEmpty(loaded.filter((url) => /\/redis\/|@redis\//.test(url)))
    }))
})
