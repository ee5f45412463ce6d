/** Tests the server and the clients of the benchmark in this process: counts, order and completeness, never times. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Client, type ListTask, Tally } from "./clients/client.ts"
import * as EffectHeroku from "./clients/effectHeroku.ts"
import * as EffectHttpClient from "./clients/effectHttpClient.ts"
import * as HerokuClient from "./clients/herokuClient.ts"
import * as HttpCall from "./clients/httpCall.ts"
import * as Undici from "./clients/undici.ts"
import { controlOf, median, runRounds } from "./measure.ts"
import { isMet, spread, type Target } from "./report.ts"
import { type Setup, startServer } from "./server.ts"

/** Starts a server until the end of the test, and returns its control path. */
const server = (setup: Setup) =>
  Effect.gen(function*() {
    const { url } = yield* Effect.acquireRelease(
      Effect.promise(startServer),
      ({ close }) => Effect.sync(close)
    )
    const control = controlOf(url)
    yield* Effect.promise(() => control.set(setup))
    return control
  })

const clients: Readonly<Record<string, Client>> = {
  "this project's client": EffectHeroku.client,
  "undici": Undici.client,
  "Effect's HttpClient": EffectHttpClient.client,
  "heroku-client": HerokuClient.client,
  "http-call": HttpCall.client
}

/** Lists 2,500 authorizations, checks that the client received each of them in order, and returns the server's counts. */
const listAll = (client: Client, task: Omit<ListTask, "url">, latency = 0) =>
  Effect.gen(function*() {
    const { counts, ids, url } = yield* server({ count: 2500, latency })
    const { count, inOrder, checksum } = yield* Effect.promise(() => client.list({ url, ...task }))
    assert.deepStrictEqual({ count, inOrder }, { count: 2500, inOrder: true })
    const expected = new Tally()
    for (const id of yield* Effect.promise(() => ids(2500))) expected.see(id)
    const seen = yield* Effect.promise(counts)
    assert.deepStrictEqual([checksum, seen.checksum], [expected.checksum, expected.checksum])
    return seen
  })

describe("clients", () => {
  for (const [name, client] of Object.entries(clients)) {
    it.effect(`${name} lists every authorization in order, with a request for each page`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* listAll(client, {})).requests, 3)
      }))

    it.effect(`${name} reads single authorizations`, () =>
      Effect.gen(function*() {
        const { counts, ids, url } = yield* server({ count: 100, latency: 0 })
        const some = yield* Effect.promise(() => ids(5))
        const tally = yield* Effect.promise(() => client.calls({ url, ids: some, times: 12, concurrency: 4 }))
        assert.strictEqual(tally.count, 12)
        assert.strictEqual((yield* Effect.promise(counts)).requests, 12)
      }))
  }

  for (const by of ["array", "page"] as const) {
    it.effect(`this project's client lists every authorization in order, by ${by}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* listAll(EffectHeroku.client, { by })).requests, 3)
      }))
  }

  it.live("this project's client lists every authorization in order when it pauses between them", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* listAll(EffectHeroku.client, { pause: { every: 500, millis: 0 } })).requests, 3)
    }))

  it.effect("this project's client has at most concurrency requests in flight", () =>
    Effect.gen(function*() {
      const { mostInFlight, requests } = yield* listAll(EffectHeroku.client, { concurrency: 2 }, 1)
      assert.isAtMost(mostInFlight, 2)
      assert.isAtMost(requests, 10)
    }))
})

describe("the server", () => {
  /** Requests a range of 2,500 authorizations, and returns the response with the ids of all of them. */
  const request = (rangeOf: (ids: ReadonlyArray<string>) => string) =>
    Effect.gen(function*() {
      const { ids, url } = yield* server({ count: 2500, latency: 0 })
      const all = yield* Effect.promise(() => ids(2500))
      const response = yield* Effect.promise(() =>
        fetch(`${url}/oauth/authorizations`, { headers: { range: rangeOf(all) } })
      )
      const body = yield* Effect.promise(() => response.json())
      return { all, response, found: Array.isArray(body) ? body.map(({ id }) => String(id)) : [] }
    })

  it.effect("the server has as many different ids as the setup says, in order", () =>
    Effect.gen(function*() {
      const { all } = yield* request(() => "id ..")
      assert.lengthOf(new Set(all), 2500)
      assert.deepStrictEqual(all, all.toSorted())
    }))

  it.effect("the server begins a page at the start of a range", () =>
    Effect.gen(function*() {
      const { all, found, response } = yield* request((ids) => `id ${ids[1200]}..; max=10`)
      assert.deepStrictEqual(found, all.slice(1200, 1210))
      assert.strictEqual(response.status, 206)
      assert.strictEqual(response.headers.get("next-range"), `id ]${all[1209]}..; max=10`)
      assert.strictEqual(response.headers.get("content-range"), `id ${all[1200]}..${all[1209]}; max=10`)
    }))

  it.effect("the server leaves out an excluded start, and ends a list with 200", () =>
    Effect.gen(function*() {
      const { all, found, response } = yield* request((ids) => `id ]${ids[2490]}..; max=10`)
      assert.deepStrictEqual(found, all.slice(2491))
      assert.strictEqual(response.status, 200)
      assert.isNull(response.headers.get("next-range"))
    }))

  it.effect("the server begins a page at the next id when the start does not exist", () =>
    Effect.gen(function*() {
      const { all, found } = yield* request((ids) => `id ]${ids[999]!.slice(0, -1)}..; max=2`)
      assert.deepStrictEqual(found, all.slice(999, 1001))
    }))

  it.effect("the server lists in descending order from the start", () =>
    Effect.gen(function*() {
      const { all, found, response } = yield* request((ids) => `id ]${ids[5]}..; max=3, order=desc`)
      assert.deepStrictEqual(found, all.slice(2, 5).toReversed())
      assert.strictEqual(response.headers.get("next-range"), `id ]${all[2]}..; max=3, order=desc`)
    }))

  it.effect("the server rejects an invalid range", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* request(() => "id a..b")).response.status, 416)
    }))

  it.effect("the server responds with 404 to an unknown id or path", () =>
    Effect.gen(function*() {
      const { ids, url } = yield* server({ count: 100, latency: 0 })
      const [id = ""] = yield* Effect.promise(() => ids(1))
      const status = (path: string) => Effect.promise(async () => (await fetch(url + path)).status)
      assert.strictEqual(yield* status(`/oauth/authorizations/${id}`), 200)
      assert.strictEqual(yield* status(`/oauth/authorizations/${id}0`), 404)
      assert.strictEqual(yield* status("/account"), 404)
    }))
})

describe("figures", () => {
  it("median returns the middle, and spread the median with the minimum and maximum", () => {
    assert.deepStrictEqual([median([3, 10, 1]), median([4, 1, 2, 10])], [3, 3])
    assert.strictEqual(spread([3, 10, 1]), "3 (1 to 10)")
  })

  it.effect("runRounds runs every subject once a round", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const note = (name: string) => async () => order.push(name)
      const results = yield* Effect.promise(() => runRounds(2, { a: note("a"), b: note("b") }))
      assert.deepStrictEqual(order, ["a", "b", "a", "b"])
      assert.deepStrictEqual(results, { a: [1, 3], b: [2, 4] })
    }))

  it("isMet accepts a figure that equals its target", () => {
    const target = (bound: Target["bound"], measured: number) => isMet({ what: "", bound, measured, target: 2 })
    assert.deepStrictEqual([target("at most", 2), target("at most", 2.01)], [true, false])
    assert.deepStrictEqual([target("at least", 2), target("at least", 1.99)], [true, false])
  })
})
