import { type Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as ResponseCache from "@effect-heroku/http-node/ResponseCache"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistence from "effect/persistence/Persistence"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"

const key = Redacted.make(Buffer.alloc(32, "k").toString("base64"))
const otherKey = Redacted.make(Buffer.alloc(32, "o").toString("base64"))
const id = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** A store whose entries a test can look at and change; it can also be made to break. */
const makeStore = () => {
  const entries = new Map<string, object>()
  const lifetimes: Array<number | undefined> = []
  const names: Array<string> = []
  const state: { condition: "well" | "failing" | "dying" | "silent" } = { condition: "well" }
  const command = <A>(run: () => A): Effect.Effect<A, Persistence.PersistenceError> =>
    Effect.suspend(() => {
      switch (state.condition) {
        case "well":
          return Effect.sync(run)
        case "failing":
          return Effect.fail(new Persistence.PersistenceError({ message: "broken" }))
        case "dying":
          return Effect.die(new Error("broken"))
        case "silent":
          return Effect.never
      }
    })
  const store: Persistence.BackingPersistenceStore = {
    get: (key) => command(() => entries.get(key)),
    getMany: () => Effect.die("not used"),
    set: (key, value, lifetime) =>
      command(() => {
        lifetimes.push(lifetime && Duration.toMillis(lifetime))
        entries.set(key, value)
      }),
    setMany: () => Effect.die("not used"),
    remove: (key) => command(() => void entries.delete(key)),
    clear: command(() => entries.clear())
  }
  const layer = Persistence.layer.pipe(
    Layer.provide(Layer.succeed(Persistence.BackingPersistence, {
      make: (storeId) =>
        Effect.sync(() => {
          names.push(storeId)
          return store
        })
    }))
  )
  return { entries, lifetimes, names, state, layer }
}

/** The imitation, and the status of each of its answers. */
const makeHeroku = Effect.gen(function*() {
  const statuses: Array<number> = []
  const heroku = yield* Layer.build(FakeHeroku.layerHttpClient({
    seed: [{ id, scope: ["global"], description: "one" }, { scope: ["read"] }, { scope: ["write"] }]
  }))
  const client = HttpClient.transformResponse(
    Context.get(heroku, HttpClient.HttpClient),
    Effect.tap(({ status }) => Effect.sync(() => statuses.push(status)))
  )
  return { statuses, client, account: Context.get(heroku, HerokuAccount) }
})

/** A client of its own, as another process has one. */
const makeService = (
  client: HttpClient.HttpClient,
  persistence: Layer.Layer<Persistence.Persistence>,
  { token = "HRKU-cache", ...options }: Partial<ResponseCache.Options> & { readonly token?: string } = {}
) =>
  Effect.map(
    Layer.build(
      HttpAuthorizationService.layer({ token: Redacted.make(token), retry: { times: 0 } }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
        Layer.provide(Layer.orDie(ResponseCache.layer({ key, timeToLive: "1 minute", ...options }))),
        Layer.provide(persistence),
        Layer.fresh
      )
    ),
    Context.get(AuthorizationService)
  )

const collecting = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${String(message)}`)
  })])
  return { lines, layer }
}

describe("conditional reads", () => {
  it.effect("get an authorization that has not changed without its body", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { info } = yield* makeService(client, makeStore().layer)
      const first = yield* info(id)
      const second = yield* info(id)
      assert.deepStrictEqual(statuses, [200, 304])
      assert.deepStrictEqual(second, first)
      // `Redacted` shows its value to no comparison.
      const secret = ({ accessToken }: Authorization) => Option.map(accessToken, ({ token }) => Redacted.value(token))
      assert.isTrue(Option.isSome(secret(first)))
      assert.deepStrictEqual(secret(second), secret(first))
    }))

  it.effect("get a list that has not changed page by page, in another process too", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { layer } = makeStore()
      const one = yield* makeService(client, layer)
      const other = yield* makeService(client, layer)
      const first = yield* Stream.runCollect(one.stream({ pageSize: 2 }))
      const second = yield* Stream.runCollect(other.stream({ pageSize: 2 }))
      assert.deepStrictEqual(statuses, [206, 200, 304, 304])
      assert.lengthOf(second, 3)
      assert.deepStrictEqual(second, first)
    }))

  it.effect("get what has changed, and then keep that", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { info, update } = yield* makeService(client, makeStore().layer)
      yield* info(id)
      yield* update(id, { description: "two" })
      assert.deepStrictEqual((yield* info(id)).description, (yield* info(id)).description)
      assert.deepStrictEqual(statuses, [200, 200, 200, 304])
    }))

  it.effect("notice what somebody else has changed in a list", () =>
    Effect.gen(function*() {
      const { account, client } = yield* makeHeroku
      const { stream } = yield* makeService(client, makeStore().layer)
      yield* Stream.runDrain(stream())
      yield* account.remove(id)
      assert.lengthOf(yield* Stream.runCollect(stream()), 2)
    }))

  it.effect("are only reads: what changes something is never conditional", () =>
    Effect.gen(function*() {
      const conditional: Array<string> = []
      const { client } = yield* makeHeroku
      const spying = HttpClient.mapRequest(client, (request) => {
        if ("if-none-match" in request.headers) conditional.push(request.method)
        return request
      })
      const service = yield* makeService(spying, makeStore().layer)
      yield* service.info(id)
      yield* service.update(id, { description: "two" })
      yield* service.regenerate(id)
      yield* service.delete(id)
      yield* service.create({ scope: ["read"] })
      assert.deepStrictEqual(conditional, [])
      yield* service.list()
      yield* service.list()
      assert.deepStrictEqual(conditional, ["GET"])
    }))

  it.effect("do not keep a body that is no JSON, whatever its tag", () =>
    Effect.gen(function*() {
      const replies = [
        new Response("<title>Maintenance</title>", { status: 200, headers: { etag: `"a"` } }),
        Response.json(payloads.full, { headers: { etag: `"a"` } })
      ]
      const client = HttpClient.make((request) =>
        Effect.sync(() => HttpClientResponse.fromWeb(request, replies.shift()!))
      )
      const { entries, layer } = makeStore()
      const { info } = yield* makeService(client, layer)
      assert.strictEqual((yield* Effect.flip(info(id)))._tag, "InvalidResponse")
      assert.strictEqual(entries.size, 0)
      yield* info(id)
      assert.strictEqual(entries.size, 1)
    }))

  it.effect("do not keep an answer without a tag, nor what an operation that changes something answers", () =>
    Effect.gen(function*() {
      const conditions: Array<string | undefined> = []
      const replies = [{}, {}, { etag: `"a"` }, { etag: `"a"` }]
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          conditions.push(request.headers["if-none-match"])
          return HttpClientResponse.fromWeb(request, Response.json(payloads.full, { headers: replies.shift()! }))
        })
      )
      const { entries, layer } = makeStore()
      const { info, update } = yield* makeService(client, layer)
      yield* info(id)
      yield* info(id)
      yield* update(id, { description: "a" })
      yield* update(id, { description: "a" })
      assert.deepStrictEqual(conditions, [undefined, undefined, undefined, undefined])
      assert.strictEqual(entries.size, 0)
    }))

  it.effect("tell in the span that the answer was 304, and count it", () =>
    Effect.gen(function*() {
      const statuses: Array<unknown> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          const end = span.end.bind(span)
          span.end = (...args) => {
            if (span.kind === "client") statuses.push(span.attributes.get("http.response.status_code"))
            end(...args)
          }
          return span
        }
      })
      const { client } = yield* makeHeroku
      const { info } = yield* makeService(client, makeStore().layer)
      yield* Effect.repeat(info(id), { times: 2 }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(statuses, [200, 304, 304])
      const counted = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id === "heroku.cache.reads" && metric.type === "Counter"
          ? [[metric.attributes?.["result"], Number(metric.state.count)]]
          : []
      )
      assert.sameDeepMembers(counted, [["miss", 1], ["hit", 2]])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("do not keep a last page that is full: more may come behind it, and its tag stays", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { entries, layer } = makeStore()
      const { list } = yield* makeService(client, layer)
      yield* list({ pageSize: 3 })
      assert.strictEqual(entries.size, 0)
      yield* list({ pageSize: 4 })
      assert.strictEqual(entries.size, 1)
      assert.deepStrictEqual(statuses, [200, 200])
    }))

  it.effect.each<[string, "info" | "list", () => Response]>([
    ["an authorization without its id", "info", () => Response.json({}, { headers: { etag: `"a"` } })],
    ["a list that is none", "list", () => Response.json({}, { headers: { etag: `"a"` } })],
    ["a list of something else", "list", () => Response.json([{}], { headers: { etag: `"a"` } })],
    [
      "a part that does not say where it goes on",
      "list",
      () => Response.json([payloads.full], { status: 206, headers: { etag: `"a"` } })
    ]
  ])("do not keep what cannot be read: %s", ([, operation, reply]) =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, reply())))
      const { entries, layer } = makeStore()
      const { info, list } = yield* makeService(client, layer)
      const read = operation === "info" ? Effect.asVoid(info(id)) : Effect.asVoid(list())
      assert.strictEqual((yield* Effect.flip(read))._tag, "InvalidResponse")
      assert.strictEqual(entries.size, 0)
    }))
})

describe("what is kept for the next read", () => {
  const scripted = (...replies: ReadonlyArray<() => Response>) => {
    let sent = 0
    return HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, replies[sent++]!())))
  }
  const tagged = { headers: { etag: `"a"` } }

  it.effect.each<[string, () => Response]>([
    ["an answer without tag", () => Response.json(payloads.full)],
    ["an error, whatever its tag", () => Response.json({ id: "not_found" }, { status: 404, ...tagged })]
  ])("is not %s", ([, reply]) =>
    Effect.gen(function*() {
      const { entries, layer } = makeStore()
      yield* Effect.exit((yield* makeService(scripted(reply), layer)).info(id))
      assert.strictEqual(entries.size, 0)
    }))

  it.effect("is not the answer to what changes something", () =>
    Effect.gen(function*() {
      const { entries, layer } = makeStore()
      const client = scripted(() => Response.json(payloads.full, tagged))
      yield* (yield* makeService(client, layer)).update(id, { description: "two" })
      assert.strictEqual(entries.size, 0)
    }))

  it.effect("is kept by address", () =>
    Effect.gen(function*() {
      const { entries, layer } = makeStore()
      const reply = () => Response.json(payloads.full, tagged)
      const { info } = yield* makeService(scripted(reply, reply), layer)
      yield* info(id)
      yield* info(AuthorizationId.make("other"))
      assert.strictEqual(entries.size, 2)
    }))

  it.effect("is where a list goes on, which a 304 does not repeat", () =>
    Effect.gen(function*() {
      const nextRange = `id ]${payloads.full.id}..; max=1`
      const client = scripted(
        () => Response.json([payloads.full], { status: 206, headers: { ...tagged.headers, "Next-Range": nextRange } }),
        () => new Response(null, { status: 304 })
      )
      const { list } = yield* makeService(client, makeStore().layer)
      const first = yield* list({ pageSize: 1 })
      assert.isTrue(Option.isSome(first.next))
      assert.deepStrictEqual(yield* list({ pageSize: 1 }), first)
    }))

  it.effect("is counted as changed when it is another", () =>
    Effect.gen(function*() {
      const client = scripted(
        () => Response.json(payloads.full, tagged),
        () => Response.json(payloads.full, { headers: { etag: `"b"` } })
      )
      const { info } = yield* makeService(client, makeStore().layer)
      yield* info(id)
      yield* info(id)
      const results = (yield* Metric.snapshot).filter((metric) => metric.id === "heroku.cache.reads")
      assert.sameMembers(results.map(({ attributes }) => attributes?.["result"]), ["miss", "changed"])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))
})

describe("what is kept", () => {
  it.effect("shows nothing of the token, of what was asked for, or of what was answered", () =>
    Effect.gen(function*() {
      const { client } = yield* makeHeroku
      const { entries, layer } = makeStore()
      const { info, stream } = yield* makeService(client, layer)
      yield* info(id)
      yield* Stream.runDrain(stream({ pageSize: 2 }))
      assert.isAtLeast(entries.size, 3)
      const text = inspect(Array.from(entries), { depth: 9, maxStringLength: null })
      const decoded = text.replaceAll(
        /[A-Za-z0-9+/=]{40,}/g,
        (match) => Buffer.from(match, "base64").toString("latin1")
      )
      for (const clear of [text, decoded]) {
        for (const secret of ["HRKU", String(id), "oauth", "global"]) assert.notInclude(clear, secret)
      }
    }))

  it.effect.each<[string, Partial<ResponseCache.Options>, number]>([
    ["7 days", {}, 7 * 24 * 3600 * 1000],
    ["as long as the program says", { timeToLive: "1 minute" }, 60_000]
  ])("is kept for %s", ([, options, lifetime]) =>
    Effect.gen(function*() {
      const { client } = yield* makeHeroku
      const { layer, lifetimes, names } = makeStore()
      const { info } = yield* makeService(client, layer, { timeToLive: undefined, ...options })
      yield* info(id)
      assert.deepStrictEqual(lifetimes, [lifetime])
      assert.deepStrictEqual(names, ["effect-heroku-responses"])
    }))

  it.effect("is encrypted anew each time: no two entries begin alike", () =>
    Effect.gen(function*() {
      const { client } = yield* makeHeroku
      const { entries, layer } = makeStore()
      const service = yield* makeService(client, layer)
      const [one, other] = [makeStore(), makeStore()]
      for (const { layer } of [one, other]) yield* (yield* makeService(client, layer)).info(id)
      yield* service.info(id)
      const texts = [entries, one.entries, other.entries].flatMap((all) =>
        Array.from(all.values(), (entry) => JSON.stringify(entry))
      )
      assert.lengthOf(new Set(texts), 3)
    }))

  it.effect("is of one account: another token does not find it", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { layer } = makeStore()
      yield* (yield* makeService(client, layer)).info(id)
      yield* (yield* makeService(client, layer, { token: "HRKU-other" })).info(id)
      assert.deepStrictEqual(statuses, [200, 200])
    }))

  it.effect("cannot be read with another key, and is then as good as not there", () => {
    const { layer: layerLog, lines } = collecting()
    return Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { layer } = makeStore()
      yield* (yield* makeService(client, layer)).info(id)
      const { info } = yield* makeService(client, layer, { key: otherKey })
      yield* info(id).pipe(Effect.provideService(References.MinimumLogLevel, "Debug"))
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 200, 304])
      assert.include(
        lines,
        "Debug: An entry of the response cache cannot be read: written with another key, or damaged"
      )
      const counted = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id === "heroku.cache.reads" && metric.type === "Counter"
          ? [[metric.attributes?.["result"], Number(metric.state.count)]]
          : []
      )
      assert.sameDeepMembers(counted, [["miss", 1], ["unreadable", 1], ["hit", 1]])
    }).pipe(Effect.provide(layerLog), Effect.provideService(Metric.MetricRegistry, new Map()))
  })

  it.effect.each<[string, (entry: object) => object]>([
    ["a bit of it has changed", (entry) => change(entry, (text) => (text.startsWith("A") ? "B" : "A") + text.slice(1))],
    ["it is cut short", (entry) => change(entry, (text) => text.slice(0, 8))],
    ["it is empty", (entry) => change(entry, () => "")],
    ["it is not in base64", (entry) => change(entry, () => "???")],
    ["it is something else", () => ({ _tag: "Success", value: 5 })],
    ["it is not even an exit", () => ["?"]]
  ])("is as good as not there when %s", ([, damage]) => {
    const { layer: layerLog, lines } = collecting()
    return Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { entries, layer } = makeStore()
      const { info } = yield* makeService(client, layer)
      yield* info(id)
      for (const [name, entry] of entries) entries.set(name, damage(entry))
      yield* info(id)
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 200, 304])
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(layerLog))
  })

  it.effect("cannot be put in the place of another", () =>
    Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { entries, layer } = makeStore()
      const { info, list } = yield* makeService(client, layer)
      yield* list({ pageSize: 1 })
      const [page] = Array.from(entries.values())
      yield* info(id)
      for (const name of entries.keys()) entries.set(name, page!)
      yield* info(id)
      assert.deepStrictEqual(statuses, [206, 200, 200])
    }))
})

const change = (entry: object, how: (text: string) => string): object =>
  Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [name, name === "value" ? how(String(value)) : value])
  )

describe("the answers of an account", () => {
  const kept = (body: string) => Redacted.make({ etag: "e", status: 200, headers: {}, body })
  const place = (url: string, range: string) => ({ operation: "list", url, range }) as const
  const makeCache = (layer: Layer.Layer<Persistence.Persistence>) =>
    Effect.map(
      Layer.build(ResponseCache.layer({ key }).pipe(Layer.provide(layer))),
      (context) => Context.get(context, ResponseCache.ResponseCache).forToken(Redacted.make("HRKU-cache"))
    )

  it.effect("are found as they were kept, and say what they are when they are printed", () =>
    Effect.gen(function*() {
      const { find, keep } = yield* makeCache(makeStore().layer)
      yield* keep(place("a", "b"), kept("[]"))
      const found = Option.getOrThrow(yield* find(place("a", "b")))
      assert.deepStrictEqual(Redacted.value(found), Redacted.value(kept("[]")))
      assert.strictEqual(String(found), "<redacted:answer>")
    }))

  it.effect("are of one place, wherever an address ends and a range begins", () =>
    Effect.gen(function*() {
      const { find, keep } = yield* makeCache(makeStore().layer)
      yield* keep(place("a", "bc"), kept("[]"))
      assert.deepStrictEqual(yield* find(place("ab", "c")), Option.none())
    }))

  it.effect("are not counted while the store is out of reach, which is told of at once", () => {
    const { layer: layerLog, lines } = collecting()
    return Effect.gen(function*() {
      const { layer, state } = makeStore()
      state.condition = "failing"
      const { find } = yield* makeCache(layer)
      assert.deepStrictEqual(yield* find(place("a", "b")), Option.none())
      assert.lengthOf(lines, 1)
      assert.deepStrictEqual((yield* Metric.snapshot).filter((metric) => metric.id === "heroku.cache.reads"), [])
    }).pipe(Effect.provide(layerLog), Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})

describe("stores", () => {
  it.effect.each(["failing", "dying", "silent"] as const)(
    "that are %s are done without, and told of once",
    (condition) =>
      Effect.gen(function*() {
        const { lines, layer: layerLog } = collecting()
        const { client, statuses } = yield* makeHeroku
        const { layer, state } = makeStore()
        yield* Effect.gen(function*() {
          const { info } = yield* makeService(client, layer)
          yield* info(id)
          state.condition = condition
          const fiber = yield* Effect.forkChild(Effect.repeat(info(id), { times: 2 }))
          for (let step = 0; step < 20; step++) yield* TestClock.adjust("25 millis")
          yield* Fiber.join(fiber)
          state.condition = "well"
          yield* TestClock.adjust("5 seconds")
          yield* info(id)
          assert.deepStrictEqual(lines, [
            "Warn: The store of the response cache is out of reach: reads go on without it"
          ])
        }).pipe(Effect.provide(layerLog))
        assert.deepStrictEqual(statuses, [200, 200, 200, 200, 304])
      })
  )

  it.effect("that failed are left alone for five seconds, and told of again when they fail after they worked", () => {
    const { layer: layerLog, lines } = collecting()
    return Effect.gen(function*() {
      const { client, statuses } = yield* makeHeroku
      const { layer, state } = makeStore()
      const { info } = yield* makeService(client, layer)
      yield* info(id)
      state.condition = "failing"
      yield* info(id)
      state.condition = "well"
      yield* TestClock.adjust("4999 millis")
      yield* info(id)
      yield* TestClock.adjust("1 millis")
      yield* info(id)
      assert.deepStrictEqual(statuses, [200, 200, 200, 304])
      state.condition = "failing"
      yield* info(id)
      yield* TestClock.adjust("5 seconds")
      yield* info(id)
      assert.lengthOf(lines, 2)
    }).pipe(Effect.provide(layerLog))
  })

  it.effect("can be files", () =>
    Effect.gen(function*() {
      const directory = mkdtempSync(join(tmpdir(), "cache-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true })))
      const layerFiles = Persistence.layerKvs.pipe(
        Layer.provide(KeyValueStore.layerFileSystem(directory)),
        Layer.provide(NodeServices.layer),
        Layer.orDie
      )
      const { client, statuses } = yield* makeHeroku
      yield* (yield* makeService(client, layerFiles)).info(id)
      yield* (yield* makeService(client, layerFiles)).info(id)
      assert.deepStrictEqual(statuses, [200, 304])
      const written = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
        .map((file) => file.name + readFileSync(join(file.parentPath, file.name), "utf8"))
      assert.lengthOf(written, 1)
      assert.notInclude(written[0]!, "HRKU")
    }))
})

describe("keys", () => {
  it.effect.each(["", "short", "not base64 at all, and of some length!", Buffer.alloc(31).toString("base64")])(
    "that are none are refused, and not quoted: %s",
    (text) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(
          ResponseCache.layer({ key: Redacted.make(text) }).pipe(Layer.provide(Persistence.layerMemory))
        )))
        assert.match(String(error), /must be 32 bytes in base64/)
        if (text !== "") assert.notInclude(inspect(error, { depth: 9 }), text)
      })
  )

  it.effect("that were wiped are refused", () =>
    Effect.gen(function*() {
      const wiped = Redacted.make(Redacted.value(key))
      Redacted.wipeUnsafe(wiped)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(
        ResponseCache.layer({ key: wiped }).pipe(Layer.provide(Persistence.layerMemory))
      )))
      assert.match(String(error), /must be 32 bytes in base64/)
    }))

  it.effect("may have blanks around them, as files end with a line end", () =>
    Effect.scoped(Effect.asVoid(Layer.build(
      ResponseCache.layer({ key: Redacted.make(` ${Redacted.value(key)}\n`) }).pipe(
        Layer.provide(Persistence.layerMemory)
      )
    ))))

  it.effect("come from HEROKU_CACHE_KEY", () =>
    Effect.gen(function*() {
      const env = (env: Record<string, string>) =>
        Effect.exit(Effect.scoped(Layer.build(
          ResponseCache.layerConfig().pipe(
            Layer.provide(Persistence.layerMemory),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
          )
        )))
      assert.strictEqual((yield* env({ HEROKU_CACHE_KEY: Redacted.value(key) }))._tag, "Success")
      assert.strictEqual((yield* env({}))._tag, "Failure")
    }))
})
