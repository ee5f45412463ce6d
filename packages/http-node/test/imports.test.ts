/** What a module loads, in a process of its own: who does not use a store does not pay for one. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"

/** What a program prints that runs in a process of its own. */
const run = (program: string, env: NodeJS.ProcessEnv = {}) =>
  Effect.sync(() =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      env: { ...process.env, ...env }
    })
  )

/** The files that importing a module loads, also those that it loads in the background, and what is done with it. */
const loadedBy = (specifier: string, use = "", env: NodeJS.ProcessEnv = {}) =>
  Effect.map(
    run(
      `
        import { registerHooks } from "node:module"
        const loaded = []
        registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
        process.on("exit", () => console.log(JSON.stringify(loaded)))
        const module = await import(${JSON.stringify(specifier)})
        ${use}
      `,
      env
    ),
    (output): ReadonlyArray<string> => JSON.parse(output)
  )

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

  const build = `
    const [Effect, Layer] = await Promise.all([import("effect/Effect"), import("effect/Layer")])
    await Effect.runPromise(Effect.scoped(Layer.build(module.layerConfig())))
  `

  it.effect("of undici only the connections are loaded, and Node's file system only where it is needed", () =>
    Effect.gen(function*() {
      const node = "@effect-heroku/http-node/NodeAuthorizationService"
      const loaded = yield* loadedBy(node, build, { HEROKU_API_KEY: "HRKU-mine" })
      assert.isTrue(loaded.some((url) => url.endsWith("/undici/lib/dispatcher/agent.js")))
      assert.deepStrictEqual(loaded.filter((url) => /undici\/(?:index\.js|lib\/web\/)|NodeFileSystem/.test(url)), [])
    }))

  it.effect("all of undici is loaded for requests that Effect's transport sends, whatever undici that one has", () =>
    Effect.gen(function*() {
      const output = yield* run(`
        import { createServer } from "node:http"
        import { registerHooks } from "node:module"
        registerHooks({
          resolve: (specifier, context, next) =>
            specifier === "undici" && /platform-node/.test(context.parentURL ?? "")
              ? { url: "data:text/javascript,export default {}", shortCircuit: true }
              : next(specifier, context)
        })
        const { layer } = await import("../src/internal/transport.ts")
        const [Effect, HttpClient, Request, Stream] = await Promise.all([
          import("effect/Effect"),
          import("effect/http/HttpClient"),
          import("effect/http/HttpClientRequest"),
          import("effect/Stream")
        ])
        const server = createServer((request, response) => request.pipe(response)).listen(0, "127.0.0.1")
        await new Promise((resolve) => server.once("listening", resolve))
        const request = Request.post("http://127.0.0.1:" + server.address().port).pipe(
          Request.bodyStream(Stream.make(new TextEncoder().encode("piece by piece")))
        )
        const call = Effect.flatMap(HttpClient.execute(request), ({ text }) => text)
        console.log(await Effect.runPromise(Effect.provide(call, layer)))
        server.close()
      `)
      assert.strictEqual(output, "piece by piece\n")
    }))

  it.effect("the root of the package does not load Redis's client", () =>
    Effect.gen(function*() {
      const loaded = yield* loadedBy("@effect-heroku/http-node")
      assert.isTrue(loaded.some((url) => url.endsWith("/RequestBudget.ts")))
      assert.deepStrictEqual(loaded.filter((url) => /\/redis\/|@redis\//.test(url)), [])
    }))
})
