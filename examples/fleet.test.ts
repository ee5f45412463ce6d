import { isRedisMissing, makeRedisServer, skipNote, startRedis } from "@effect-heroku/test-kit/redis"
import { FakeHeroku } from "@effect-heroku/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { layerLoopback, layerSandbox, run, runAgainstSandbox } from "./support/run.ts"

const [opsId, billingId] = ["aaaaaaaa-89ab-4def-8123-456789abcdef", "bbbbbbbb-89ab-4def-8123-456789abcdef"]

/** A sandbox with two accounts. */
const layerFleet = FakeHeroku.layerServer({
  token: "HRKU-ops",
  seed: [{ id: opsId, scope: ["read"] }],
  accounts: [{ token: "HRKU-billing", seed: [{ id: billingId, scope: ["read"] }] }]
}).pipe(Layer.provideMerge(layerLoopback))

const runFleet = (redisUrl: string) =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    return yield* run("fleet.ts", {
      env: {
        HEROKU_ACCOUNTS: "ops=HRKU-ops,revoked=HRKU-revoked,billing=HRKU-billing",
        HEROKU_API_URL: HttpServer.formatAddress(address),
        REDIS_URL: redisUrl
      }
    })
  }).pipe(Effect.provide(layerFleet))

const listed = [`billing: ${billingId}`, `ops: ${opsId}`]
const failed = "revoked: Unauthorized: Invalid credentials provided.\n"

describe.skipIf(isRedisMissing)(`with Redis${skipNote}`, () => {
  it.live("budget-redis.ts prints the number of authorizations", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const { code, stderr, stdout } = yield* runAgainstSandbox("budget-redis.ts", { env: { REDIS_URL: url } })
      assert.deepStrictEqual([code, stderr, stdout], [0, "", "2 authorizations\n"])
    }).pipe(Effect.provide(layerSandbox)))

  it.live("fleet.ts lists every account with a valid token and reports the others", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const { code, stderr, stdout } = yield* runFleet(url)
      assert.deepStrictEqual([code, stderr], [0, failed])
      assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), listed)
    }))

  it.live.each(["is stopped", "hangs"])(
    "fleet.ts lists the accounts and warns when Redis %s",
    (condition) =>
      Effect.gen(function*() {
        const redis = yield* makeRedisServer
        if (condition === "hangs") yield* Effect.andThen(redis.start, redis.freeze)
        const { code, stderr, stdout } = yield* runFleet(redis.url)
        assert.strictEqual(code, 0, stderr)
        assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), listed)
        assert.include(stderr, failed)
        assert.match(stderr, /WARN .*budget/)
      })
  )
})
