// cspell:ignore LRANGE
import { Authorization, AuthorizationService, Rotation } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import { isRedisMissing, skipNote, startRedis } from "@effect-heroku/test-kit/redis"
import { FakeHeroku, MemoryAuthorizationService } from "@effect-heroku/testing"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer, Option, Redacted, Schedule, Stream } from "effect"
import { HttpServer } from "effect/http"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerLoopback, run } from "../support/run.ts"
import { layerDelivery } from "./delivery.ts"
import { layerQueue, rotations } from "./queue.ts"

const seed = Array.from({ length: 20 }, (_, index) => ({ description: `consumer ${index}`, scope: ["read"] as const }))
const old = "00000000-0000-4000-8000-000000000001"
const leftover = "00000000-0000-4000-8000-000000000002"
type Id = Authorization.AuthorizationId
const names = ["ops", "billing", "search"]

const layerFleet = FakeHeroku.layerServer({
  token: "HRKU-ops",
  // An earlier run created a successor, and was interrupted.
  seed: [...seed, { id: old, description: "ci" }, { id: leftover, description: `ci [replaces ${old}]` }],
  accounts: ["billing", "search"].map((name) => ({ token: `HRKU-${name}`, seed }))
}).pipe(Layer.provideMerge(layerLoopback))

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "fleet-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const layerFiles = (directory: string) =>
  Layer.provide(layerDelivery, ConfigProvider.layer(ConfigProvider.fromEnv({ env: { TOKENS: directory } })))

it.effect("a delivery removes the temporary file that an earlier worker left", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const service = yield* AuthorizationService.AuthorizationService
    const authorization = yield* service.create({ scope: ["read"] })
    const replaces = Authorization.AuthorizationId.make(old)
    const file = join(directory, replaces)
    yield* Effect.gen(function*() {
      const { deliver } = yield* Rotation.Delivery
      const delivered = deliver({ authorization, replaces, token: Redacted.make("new") })
      // The worker cannot replace a directory, and ends after it has written the temporary file.
      mkdirSync(join(file, "full"), { recursive: true })
      assert.strictEqual((yield* Effect.flip(delivered))._tag, "DeliveryFailed")
      assert.sameMembers(readdirSync(directory), [replaces, `${replaces}.new`, authorization.id])
      rmSync(file, { recursive: true })
      yield* delivered
    }).pipe(Effect.provide(layerFiles(directory)))
    assert.sameMembers(readdirSync(directory), [replaces, authorization.id])
    assert.deepStrictEqual([readFileSync(file, "utf8"), statSync(file).mode & 0o777], ["new", 0o600])
  }).pipe(Effect.provide(MemoryAuthorizationService.layer())))

it.effect("every rotation delivers to the file of the first one, and `current` reads it", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const service = yield* AuthorizationService.AuthorizationService
    const first = yield* service.create({ description: "ci", scope: ["read"] })
    yield* Effect.gen(function*() {
      const delivery = yield* Rotation.Delivery
      let { id } = first
      for (const _ of [1, 2, 3]) {
        const outcome = yield* Rotation.replace(id)
        assert(outcome._tag === "replaced")
        const delivered = readFileSync(join(directory, first.id), "utf8")
        const successor = yield* service.info(outcome.successor)
        assert.strictEqual(Authorization.matchToken(successor, Redacted.make(delivered)), "exact")
        const current = yield* delivery.current?.(id) ?? Effect.succeedNone
        assert.deepStrictEqual(Option.map(current, Redacted.value), Option.some(delivered))
        id = successor.id
      }
    }).pipe(Effect.provide(layerFiles(directory)))
  }).pipe(Effect.provide(MemoryAuthorizationService.layer({ clearTokens: true }))))

it.effect("a rotation creates no successor if the directory is missing, and the check leaves no file in it", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const service = yield* AuthorizationService.AuthorizationService
    const { id } = yield* service.create({ description: "ci", scope: ["read"] })
    const missing = layerFiles(join(directory, "missing"))
    const error = yield* Rotation.replace(id).pipe(Effect.provide(missing), Effect.flip)
    assert.strictEqual(error._tag, "DeliveryFailed")
    assert.strictEqual(yield* Stream.runCount(service.stream()), 1)
    const check = Rotation.Delivery.use((delivery) => delivery.check ?? Effect.die("no check"))
    yield* Effect.provide(check, layerFiles(directory))
    assert.isEmpty(readdirSync(directory))
  }).pipe(Effect.provide(MemoryAuthorizationService.layer())))

describe.skipIf(isRedisMissing)(`with Redis${skipNote}`, () => {
  it.live(
    "four workers replace each authorization of three accounts although one is killed, and every delivered token works",
    () =>
      Effect.gen(function*() {
        const { url } = yield* startRedis
        const { address } = yield* HttpServer.HttpServer
        const baseUrl = HttpServer.formatAddress(address)
        const tokens = yield* temporaryDirectory
        const env = {
          HEROKU_ACCOUNTS: names.map((name) => `${name}=HRKU-${name}`).join(","),
          HEROKU_API_URL: baseUrl,
          QUEUE_LOCK: "3 seconds",
          REDIS_URL: url,
          TOKENS: tokens
        }
        const list = Effect.forEach(names, (name) =>
          AuthorizationService.AuthorizationService.use((service) =>
            Stream.runCollect(service.stream())
          ).pipe(
            Effect.provide(NodeAuthorizationService.layer({ baseUrl, token: Redacted.make(`HRKU-${name}`) }))
          ))
        const ids = Effect.map(list, (all) => all.flat().map(({ id }) => id))

        const before = (yield* ids).filter((id) => id !== leftover)
        const enqueue = run("fleet-rotation/enqueue.ts", { env })
        const queued = yield* enqueue
        assert.deepStrictEqual([queued.code, queued.stdout], [0, "61 authorizations in the queue\n"], queued.stderr)

        // The first worker is killed when it has replaced three authorizations, while it works on others.
        const killed = yield* Effect.forkChild(run("fleet-rotation/work.ts", {
          env,
          on: { text: "\n", act: (child, stdout) => void (stdout.split("\n").length > 3 && child.kill("SIGKILL")) }
        }))
        const others = yield* Effect.forkChild(Effect.all(
          Array.from({ length: 3 }, () => run("fleet-rotation/work.ts", { env })),
          { concurrency: "unbounded" }
        ))
        assert.isNull((yield* Fiber.join(killed)).code)
        const isDone = Effect.map(ids, (now) => !now.some((id) => before.includes(id)))
        const areMarked = Effect.map(list, (all) =>
          all.flat().some((one) =>
            JSON.stringify(one).includes("[replaced by")
          ))
        yield* Effect.repeat(Effect.all([isDone, areMarked]), {
          schedule: Schedule.spaced("300 millis"),
          until: ([isDone, areMarked]) => isDone && !areMarked
        })
        yield* Fiber.interrupt(others)

        const files = readdirSync(tokens, { withFileTypes: true }).filter((entry) => entry.isFile())
        assert.sameMembers(files.map(({ name }) => name), before)
        const verify = NodeAuthorizationService.verify({ baseUrl })
        for (const id of before) {
          assert.isTrue(yield* verify(Redacted.make(readFileSync(join(tokens, id), "utf8"))), id)
        }
      }).pipe(Effect.provide(layerFleet)),
    300_000
  )

  it.live(
    "a worker that cannot deliver ends before it takes an item",
    () =>
      Effect.gen(function*() {
        const { url } = yield* startRedis
        const TOKENS = join(yield* temporaryDirectory, "missing")
        const env = { HEROKU_ACCOUNTS: "ops=HRKU-ops", HEROKU_API_URL: "http://127.0.0.1:1", REDIS_URL: url, TOKENS }
        yield* Effect.gen(function*() {
          const queue = yield* rotations
          const item = { account: "ops", id: Authorization.AuthorizationId.make(old) }
          yield* queue.offer(item)
          const { code, stderr, stdout } = yield* run("fleet-rotation/work.ts", {
            env,
            // A worker that takes the item reports it.
            on: { text: old, act: (child) => void child.kill() }
          })
          assert.strictEqual(code, 1, stderr)
          assert.include(stdout + stderr, TOKENS)
          assert.deepStrictEqual(yield* queue.take((item, { attempts }) => Effect.succeed([item, attempts])), [item, 1])
        }).pipe(Effect.provide(Layer.provide(layerQueue, ConfigProvider.layer(ConfigProvider.fromEnv({ env })))))
      }),
    60_000
  )

  it.live(
    "enqueue.ts queues the authorizations of the other accounts if one cannot be listed, and exits with 1",
    () =>
      Effect.gen(function*() {
        const { url } = yield* startRedis
        const { address } = yield* HttpServer.HttpServer
        const { code, stderr, stdout } = yield* run("fleet-rotation/enqueue.ts", {
          env: {
            HEROKU_ACCOUNTS: "dead=HRKU-dead,ops=HRKU-ops,billing=HRKU-billing",
            HEROKU_API_URL: HttpServer.formatAddress(address),
            REDIS_URL: url
          }
        })
        assert.deepStrictEqual([code, stdout], [1, "41 authorizations in the queue\n"], stderr)
        assert.strictEqual(stderr, "dead: Invalid credentials provided.\n")
      }).pipe(Effect.provide(layerFleet)),
    60_000
  )

  it.effect("an item that always fails holds up no other one, is stored after ten attempts, and can be queued again", () =>
    Effect.gen(function*() {
      const { url } = yield* startRedis
      const [failing, working] = [old, leftover].map((id) => Authorization.AuthorizationId.make(id)) as [Id, Id]
      const attempts: Array<unknown> = []
      /** Lets time pass until a condition holds. */
      const waitUntil = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
        Effect.promise(() => new Promise(setImmediate)).pipe(
          Effect.andThen(TestClock.adjust("10 seconds")),
          Effect.andThen(condition),
          Effect.repeat({ until: (holds) => holds })
        )
      const attempted = (count: number) => waitUntil(Effect.sync(() => attempts.length >= count))
      const stored = Redis.Redis.use(({ send }) =>
        send<ReadonlyArray<string>>("LRANGE", "effectq:rotations:failed", "0", "-1")
      )
      yield* Effect.gen(function*() {
        const queue = yield* rotations
        const offer = (id: Id) => queue.offer({ account: "ops", id }, { id: `ops:${id}` })
        const take = queue.take(({ id }, { attempts }) => {
          const attempt = `${id} ${attempts}`
          return id === failing ? Effect.fail(attempt) : Effect.succeed(attempt)
        })
        yield* take.pipe(
          Effect.catch((failed) => Effect.succeed(failed)),
          Effect.map((attempt) => attempts.push(attempt)),
          Effect.forever,
          Effect.forkScoped
        )

        yield* offer(failing)
        yield* offer(working)
        yield* attempted(11)
        const ten = Array.from({ length: 10 }, (_, index) => `${failing} ${index + 1}`)
        assert.deepStrictEqual(attempts, [ten[0], `${working} 1`, ...ten.slice(1)])
        const [record, ...others] = yield* stored
        assert.isEmpty(others)
        assert.include(JSON.parse(record!), { id: `ops:${failing}`, attempts: 10 })
        assert.include(record, `"lastFailure":"Error: ${ten[9]}`)

        yield* offer(failing)
        yield* waitUntil(Effect.map(stored, (all) => all.length === 0))
        assert.lengthOf(attempts, 11)
        yield* offer(failing)
        yield* attempted(12)
        assert.strictEqual(attempts[11], ten[0])
      }).pipe(
        Effect.provide([layerQueue, NodeRedis.layer({ url })]),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { REDIS_URL: url } })))
      )
    }))
})
