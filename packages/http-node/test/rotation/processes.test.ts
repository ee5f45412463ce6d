/** Processes that rotate, over sockets, against the fake Heroku API. */
import type * as Authorization from "@effect-heroku/core/Authorization"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

const { CI, NODE_COMPILE_CACHE = "" } = process.env

/** Called with every request of a worker. */
let onRequest = () => {}

const layerHeroku = (consumers: number) =>
  FakeHeroku.layerServerWithFaults({
    rateLimit: 1_000_000,
    seed: Array.from(
      { length: consumers },
      (_, index) => ({ description: `consumer ${index}`, scope: ["read"] as const })
    ),
    observe: () => Effect.sync(() => onRequest())
  }).pipe(Layer.provideMerge(NodeHttpServer.layer(createServer, {
    host: "127.0.0.1",
    port: 0,
    gracefulShutdownTimeout: 0
  })))

const makeFixture = Effect.gen(function*() {
  const account = yield* HerokuAccount
  const { address } = yield* HttpServer.HttpServer
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rotation-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )
  const initial = yield* account.authorizations
  const consumers = initial.map(({ accessToken, description }) => ({
    name: Option.getOrThrow(description),
    token: Redacted.value(Option.getOrThrow(accessToken).token)
  }))

  /** Runs a worker to its end, and returns its exit code and output. */
  const run = (ids: ReadonlyArray<string>, onStart: (kill: () => void) => void = () => {}) =>
    Effect.callback<{ readonly code: number | null; readonly lines: ReadonlyArray<string> }>((resume) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "../fixtures/rotationWorker.ts"), ...ids], {
        env: { NODE_COMPILE_CACHE, ROTATION_DIRECTORY: directory, ROTATION_URL: HttpServer.formatAddress(address) },
        stdio: ["ignore", "pipe", "inherit"]
      })
      let output = ""
      child.stdout.on("data", (chunk) => output += chunk)
      child.on("close", (code) => resume(Effect.succeed({ code, lines: output.trimEnd().split("\n") })))
      onStart(() => child.kill("SIGKILL"))
      return Effect.sync(() => child.kill("SIGKILL"))
    })

  /** Asserts that the token of every consumer works, and returns their authorizations. */
  const assertLive = Effect.gen(function*() {
    const all = yield* account.authorizations
    const byToken = new Map(all.map((one) => [Redacted.value(Option.getOrThrow(one.accessToken).token), one]))
    return consumers.map(({ name, token }) => {
      const file = join(directory, name)
      const one = byToken.get(existsSync(file) ? readFileSync(file, "utf8") : token)
      assert.isDefined(one, `the token of ${name} is dead`)
      return one!
    })
  })

  const isMarked = ({ description }: Authorization.Authorization) => / \[/.test(Option.getOrThrow(description))
  return { account, assertLive, initial, isMarked, run }
})

// A process takes a second of CPU time to start.
const kills = CI === "true" ? 100 : 5

it.live(
  `every delivered token works after each of ${kills} kills at random moments, and a last run completes the rotations`,
  () =>
    Effect.gen(function*() {
      const { assertLive, isMarked, run } = yield* makeFixture
      const selectIds = Effect.map(assertLive, (held) =>
        held.map(({ description, id }) =>
          / \[replaces (\S+)\]$/.exec(Option.getOrThrow(description))?.[1] ?? id
        ))
      let killed = 0
      for (let round = 0; killed < kills; round++) {
        assert.isBelow(round, 3 * kills + 10)
        // A run sends 86 requests, less what earlier ones did.
        let left = 1 + Math.floor(Math.random() * 88)
        const { code, lines } = yield* run(yield* selectIds, (kill) => {
          onRequest = () => {
            if (--left === 0) setTimeout(kill, Math.random() * 3)
          }
        })
        if (code === null) killed++
        else assert.isTrue(lines.every((line) => line.startsWith("replaced ")), lines.join("\n"))
      }
      onRequest = () => {}
      const { code } = yield* run(yield* selectIds)
      assert.strictEqual(code, 0)
      const held = yield* assertLive
      assert.isFalse(held.some(isMarked))
    }).pipe(Effect.provide(layerHeroku(12))),
  1_800_000
)

it.live(
  "every delivered token works after two processes replaced the same 60 authorizations at once",
  () =>
    Effect.gen(function*() {
      const { account, assertLive, initial, isMarked, run } = yield* makeFixture
      const faults = yield* FaultInjection.FaultInjection
      const ids = initial.map(({ id }) => id)
      // Some responses take longer than others.
      yield* faults.inject(FaultInjection.delay("30 millis"), { every: 3, afterActing: true })
      yield* faults.inject(FaultInjection.delay("20 millis"), { every: 5 })
      const both = yield* Effect.all([run(ids), run(ids)], { concurrency: 2 })
      yield* assertLive
      for (const { code, lines } of both) {
        assert.strictEqual(code, 0)
        assert.lengthOf(lines, 60)
        for (const line of lines) assert.match(line, /^(?:replaced|gone|failed \S+ RotationConflict)/)
      }
      yield* faults.clear
      assert.strictEqual((yield* run(ids)).code, 0)
      const held = new Set((yield* assertLive).map(({ id }) => id))
      const named = both.flatMap(({ lines }) => lines).join("\n")
      for (const one of yield* account.authorizations) {
        assert.isTrue(held.has(one.id) || isMarked(one) || named.includes(one.id), one.id)
      }
      for (const id of ids) assert.isTrue(Option.isNone(yield* account.get(id)))
    }).pipe(Effect.provide(layerHeroku(60))),
  600_000
)
