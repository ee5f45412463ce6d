/** Which modules a program loads, in a process of its own: it loads no store that it does not use. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** The URLs of all modules that are loaded by importing a module. */
const loadedBy = (specifier: string) =>
  Effect.sync((): ReadonlyArray<string> => {
    const program = `
      import { registerHooks } from "node:module"
      const loaded = []
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
      process.on("exit", () => console.log(JSON.stringify(loaded)))
      await import(${JSON.stringify(specifier)})
    `
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      encoding: "utf8"
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
})
