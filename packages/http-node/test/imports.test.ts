/** What a module loads, in a process of its own: who does not use a store does not pay for one. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** The files that importing a module loads, also those that it loads in the background. */
const loadedBy = (specifier: string) =>
  Effect.sync(() => {
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
    const loaded: ReadonlyArray<string> = JSON.parse(output)
    return loaded
  })

// What there is of encryption `effect/http` loads by itself.
const stores = /effect\/(?:dist|src)\/(?:persistence|sql)\/|\/redis\/|@redis\//

describe("imports", () => {
  it.effect.each(["HttpAuthorizationService", "NodeAuthorizationService", "AccountClients"])(
    "%s loads no store",
    (name) =>
      Effect.gen(function*() {
        const loaded = yield* loadedBy(`@effect-heroku/http-node/${name}`)
        assert.isAbove(loaded.length, 20)
        assert.deepStrictEqual(loaded.filter((url) => stores.test(url)), [])
      })
  )

  it.effect("of undici only the connections are loaded, and of Node's file system nothing", () =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy("@effect-heroku/http-node/NodeAuthorizationService")
      assert.isTrue(loaded.some((url) => url.endsWith("/undici/lib/dispatcher/agent.js")))
      assert.deepStrictEqual(loaded.filter((url) => /undici\/(?:index\.js|lib\/web\/)|NodeFileSystem/.test(url)), [])
    }))

  it.effect("the root of the package does not load Redis's client", () =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy("@effect-heroku/http-node")
      assert.isTrue(loaded.some((url) => url.endsWith("/RequestBudget.ts")))
      assert.deepStrictEqual(loaded.filter((url) => /\/redis\/|@redis\//.test(url)), [])
    }))
})
