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
import { missingRedis, redisUrl } from "../packages/http-node/test/fixtures/redis.ts"

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

describe.skipIf(missingRedis !== undefined)(`fleet.ts${note}`, () => {
  it.live("lists the accounts that it can, says which it cannot, and finds what it has read before", () => {
    // Tokens of their own, so that neither budget nor cache is that of another run.
    const token = (name: string) => `HRKU-${name}-${randomUUID()}`
    const [ops, billing] = [token("ops"), token("billing")]
    const statuses: Array<number> = []
    const layerSandbox = FakeHeroku.layerServer({
      token: ops,
      seed: [{ id: ids[0]!, scope: ["read"] }],
      accounts: [{ token: billing, seed: [{ id: ids[1]!, scope: ["read"] }] }],
      observe: ({ status }) => Effect.sync(() => statuses.push(Option.getOrElse(status, () => 0)))
    }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
    )
    return Effect.gen(function*() {
      const env = {
        HEROKU_ACCOUNTS: `ops=${ops},gone=${token("gone")},billing=${billing}`,
        HEROKU_API_URL: HttpServer.formatAddress((yield* HttpServer.HttpServer).address),
        HEROKU_CACHE_KEY: Buffer.alloc(32, randomUUID()).toString("base64"),
        REDIS_URL: redisUrl
      }
      for (const expected of [[200, 200, 401], [304, 304, 401]]) {
        statuses.length = 0
        const { code, stderr, stdout } = yield* run(env)
        assert.strictEqual(code, 0, stderr)
        assert.deepStrictEqual(stdout.trimEnd().split("\n").toSorted(), [`billing: ${ids[1]}`, `ops: ${ids[0]}`])
        assert.strictEqual(stderr, "gone: Unauthorized: Invalid credentials provided.\n")
        assert.deepStrictEqual(statuses.toSorted(), expected)
      }
    }).pipe(Effect.provide(layerSandbox))
  })
})
