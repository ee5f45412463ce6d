/** Processes that rotate, over sockets, against the sandbox, which is a process of its own. */
import * as Authorization from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const { CI, NODE_COMPILE_CACHE = "" } = process.env

const sandbox = join(import.meta.dirname, "../../../testing/src/sandbox/bin.ts")
const worker = join(import.meta.dirname, "../fixtures/rotationWorker.ts")
const token = Redacted.make("HRKU-acting")

/** Starts the sandbox with an empty account, and returns its URL. */
const startSandbox = Effect.fnUntraced(function*(onRequest: () => void, ...flags: ReadonlyArray<string>) {
  const options = ["--count", "0", "--token", Redacted.value(token), "--rate-limit", "1000000", ...flags]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [sandbox, ...options], { env: { NODE_COMPILE_CACHE } })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  // It logs a line for each request.
  createInterface({ input: child.stderr }).on("line", onRequest)
  return yield* Effect.callback<string>((resume) => {
    createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed(/http:\S+/.exec(line)![0])))
    child.once("close", (code) => resume(Effect.die(`The sandbox exited with code ${code}`)))
  })
})

interface Result {
  readonly code: number | null
  readonly lines: ReadonlyArray<string>
}

const makeFixture = Effect.fnUntraced(function*(count: number, ...flags: ReadonlyArray<string>) {
  let onRequest = () => {}
  const baseUrl = yield* startSandbox(() => onRequest(), ...flags)
  const service = Context.get(
    yield* Layer.build(NodeAuthorizationService.layer({ baseUrl, token })),
    AuthorizationService
  )
  const verify = NodeAuthorizationService.verify({ baseUrl })
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rotation-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )
  const initial = yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => `consumer ${index}`),
    (name) =>
      Effect.map(service.create({ description: name, scope: ["read"] }), (authorization) => ({
        id: authorization.id,
        file: join(directory, name),
        token: Option.getOrThrow(Authorization.accessToken(authorization))
      })),
    { concurrency: 8 }
  )

  /** Runs a worker to its end. `onServed` is called with every request that the sandbox has served. */
  const run = (ids: ReadonlyArray<string>, onServed: (kill: () => void) => void = () => {}) =>
    Effect.callback<Result>((resume) => {
      const child = spawn(process.execPath, [worker, ...ids], {
        env: { NODE_COMPILE_CACHE, ROTATION_DIRECTORY: directory, ROTATION_URL: baseUrl },
        stdio: ["ignore", "pipe", "inherit"]
      })
      const kill = () => child.kill("SIGKILL")
      onRequest = () => onServed(kill)
      let output = ""
      child.stdout.on("data", (chunk) => output += chunk)
      child.on("close", (code) => resume(Effect.succeed({ code, lines: output.trimEnd().split("\n") })))
      return Effect.sync(kill)
    })

  const list = Stream.runCollect(service.stream())

  /** Asserts that the token of every consumer works, and returns their authorizations. */
  const assertLive = Effect.gen(function*() {
    const all = yield* list
    return yield* Effect.forEach(initial, ({ file, token }) =>
      Effect.gen(function*() {
        const held = existsSync(file) ? Redacted.make(readFileSync(file, "utf8")) : token
        assert.isTrue(yield* verify(held), `the token in ${file} is dead`)
        return all.find((one) => Authorization.matchToken(one, held) !== "none")!
      }), { concurrency: "unbounded" })
  })

  return { assertLive, ids: initial.map(({ id }) => id), list, run }
})

const isMarked = ({ description }: Authorization.Authorization) => / \[/.test(Option.getOrThrow(description))

// A process takes a second of CPU time to start.
const kills = CI === "true" ? 100 : 5

it.live(
  `every delivered token works after each of ${kills} kills at random moments, and a last run completes the rotations`,
  () =>
    Effect.gen(function*() {
      const { assertLive, run } = yield* makeFixture(12)
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
          if (--left === 0) setTimeout(kill, Math.random() * 3)
        })
        if (code === null) killed++
        else assert.isTrue(lines.every((line) => line.startsWith("replaced ")), lines.join("\n"))
      }
      const { code } = yield* run(yield* selectIds)
      assert.strictEqual(code, 0)
      assert.isFalse((yield* assertLive).some(isMarked))
    }).pipe(Effect.scoped),
  1_800_000
)

it.live(
  "every delivered token works after two processes replaced the same 60 authorizations at once",
  () =>
    Effect.gen(function*() {
      // Some responses take longer than others.
      const delays = ["--fault", "delay=30,every=3,after", "--fault", "delay=20,every=5"]
      const { assertLive, ids, list, run } = yield* makeFixture(60, ...delays)
      const both = yield* Effect.all([run(ids), run(ids)], { concurrency: 2 })
      yield* assertLive
      for (const { code, lines } of both) {
        assert.strictEqual(code, 0)
        assert.lengthOf(lines, 60)
        for (const line of lines) assert.match(line, /^(?:replaced|gone|failed \S+ RotationConflict)/)
      }
      assert.strictEqual((yield* run(ids)).code, 0)
      const held = new Set((yield* assertLive).map(({ id }) => id))
      const named = both.flatMap(({ lines }) => lines).join("\n")
      const all = yield* list
      for (const one of all) {
        assert.isTrue(held.has(one.id) || isMarked(one) || named.includes(one.id), one.id)
      }
      assert.isFalse(all.some(({ id }) => ids.includes(id)))
    }).pipe(Effect.scoped),
  600_000
)
