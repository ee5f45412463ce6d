/** Runs the example as a person would, against the sandbox, with the Redis of this machine. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { createServer } from "node:http"
import { join } from "node:path"
import { makeRedisServer, missingRedis, redisUrl } from "../packages/http-node/test/fixtures/redis.ts"

const ids = ["aaaaaaaa", "bbbbbbbb"].map((part) => `${part}-89ab-4def-8123-456789abcdef`)

const run = (env: Record<string, string>) =>
  Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "fleet.ts")], { env })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => stdout += chunk)
    child.stderr.on("data", (chunk) => stderr += chunk)
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const note = missingRedis === undefined ? "" : ` (skipped: ${missingRedis})`

/** Two accounts with tokens of their own, so that neither budget nor cache is that of another run, and a revoked one. */
const makeFleet = (redis: string) => {
  const token = (name: string) => `HRKU-${name}-${randomUUID()}`
  const [ops, billing] = [token("ops"), token("billing")]
  const statuses: Array<number> = []
  const layer = FakeHeroku.layerServer({
    token: ops,
    seed: [{ id: ids[0]!, scope: ["read"] }],
    accounts: [{ token: billing, seed: [{ id: ids[1]!, scope: ["read"] }] }],
    observe: ({ status }) => Effect.sync(() => statuses.push(Option.getOrElse(status, () => 0)))
  }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
  )
  const env = Effect.map(HttpServer.HttpServer, ({ address }) => ({
    HEROKU_ACCOUNTS: `ops=${ops},gone=${token("gone")},billing=${billing}`,
    HEROKU_API_URL: HttpServer.formatAddress(address),
    HEROKU_CACHE_KEY: Buffer.alloc(32, randomUUID()).toString("base64"),
    REDIS_URL: redis
  }))
  return { env, layer, statuses }
}

const listed = [`billing: ${ids[1]}`, `ops: ${ids[0]}`]
const gone = "gone: Unauthorized: Invalid credentials provided.\n"

describe.skipIf(missingRedis !== undefined)(`fleet.ts${note}`, () => {
  it.live("lists the accounts that it can, says which it cannot, and finds what it has read before", () => {
    const fleet = makeFleet(redisUrl)
    return Effect.gen(function*() {
      const env = yield* fleet.env
      for (const expected of [[200, 200, 401], [304, 304, 401]]) {
        fleet.statuses.length = 0
        const { code, stderr, stdout } = yield* run(env)
        assert.strictEqual(code, 0, stderr)
        assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), listed)
        assert.strictEqual(stderr, gone)
        assert.deepStrictEqual(fleet.statuses.toSorted(), expected)
      }
    }).pipe(Effect.provide(fleet.layer))
  })

  it.live.each(["is not there", "hangs"])(
    "lists them too when Redis %s, and ends",
    (condition) =>
      Effect.gen(function*() {
        const redis = yield* makeRedisServer
        if (condition === "hangs") yield* Effect.andThen(redis.start, redis.freeze)
        const fleet = makeFleet(redis.url)
        yield* Effect.gen(function*() {
          const { code, stderr, stdout } = yield* run(yield* fleet.env)
          assert.strictEqual(code, 0, stderr)
          assert.includeMembers(stdout.trimEnd().split("\n"), listed)
          assert.include(stderr, gone)
          assert.include(stdout, "The store of the request budget is out of reach")
          assert.include(stdout, "The store of the response cache is out of reach")
        }).pipe(Effect.provide(fleet.layer))
      })
  )
})
