import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { whileSecondsPass } from "@effect-heroku/test-kit/testTime"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { inspect } from "node:util"

const account = (name: string) => ({ name, token: Redacted.make(`HRKU-${name}`) })
const [red, green, blue, gone] = [account("red"), account("green"), account("blue"), account("gone")]

const layerHeroku = FakeHeroku.layerHttpClient({
  token: red.token,
  count: 3,
  accounts: [{ token: green.token, count: 5 }, { token: blue.token, count: 2 }]
})

/** The clients, and how many were built. */
const makeClients = (options: AccountClients.Options = {}) => {
  const built = { count: 0 }
  const layer = AccountClients.layer({
    transformClient: (client) => {
      built.count++
      return client
    },
    ...options
  })
  return { built, layer: Layer.provide(layer, layerHeroku) }
}

const stream = Stream.unwrap(AuthorizationService.useSync((service) => service.stream()))

/** Counts the authorizations of an account. */
const count = ({ token }: typeof red) =>
  AccountClients.AccountClients.use(({ get }) => Effect.provide(Stream.runCount(stream), get(token)))

describe("AccountClients.get", () => {
  it.effect("get returns the client of the token's account", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.forEach([red, green, blue], count), [3, 5, 2])
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("get builds one client for each token, also under concurrency", () => {
    const { built, layer } = makeClients()
    return Effect.gen(function*() {
      yield* Effect.forEach([red, green, red, account("red"), green], count, { concurrency: "unbounded" })
      assert.strictEqual(built.count, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<[string, number, AccountClients.Options]>([
    ["five minutes by default", 300, {}],
    ["idleTimeToLive", 60, { idleTimeToLive: "1 minute" }]
  ])("a client is released after %s without use, and built again", ([, seconds, options]) => {
    const { built, layer } = makeClients(options)
    return Effect.gen(function*() {
      yield* count(red)
      yield* TestClock.adjust((seconds - 1) * 1000)
      yield* count(red)
      assert.strictEqual(built.count, 1)
      yield* TestClock.adjust((seconds + 1) * 1000)
      yield* count(red)
      assert.strictEqual(built.count, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("invalidate removes a client", () => {
    const { built, layer } = makeClients()
    return Effect.gen(function*() {
      yield* count(red)
      yield* AccountClients.AccountClients.use(({ invalidate }) => invalidate(red.token))
      yield* count(red)
      assert.strictEqual(built.count, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("each client takes permits from the budget of its account", () => {
    const taken: Array<string> = []
    const layerBudget = Layer.succeed(RequestBudget.RequestBudget, {
      forToken: (token) => ({
        take: () => Effect.sync(() => taken.push(Redacted.value(token))),
        learn: () => Effect.void
      })
    })
    return Effect.gen(function*() {
      yield* Effect.forEach([red, green], count)
      assert.deepStrictEqual(taken, ["HRKU-red", "HRKU-green"])
    }).pipe(Effect.provide(Layer.provide(AccountClients.layerBudgeted(), [layerHeroku, layerBudget])))
  })
})

describe("AccountClients.streamAll", () => {
  const collect = (accounts: ReadonlyArray<typeof red>, options?: AccountClients.StreamAllOptions) =>
    AccountClients.AccountClients.use(({ streamAll }) => Stream.runCollect(streamAll(accounts, options)))

  it.effect("streamAll emits every authorization with its account, in the order of its list", () =>
    Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      const listed = yield* collect([red, green, blue], { pageSize: 2 })
      for (const { name, token } of [red, green, blue]) {
        const ids = listed.flatMap(({ account, result }) => account.name === name ? [Result.getOrThrow(result).id] : [])
        const expected = yield* Effect.provide(Stream.runCollect(stream), get(token))
        assert.deepStrictEqual(ids, expected.map(({ id }) => id))
      }
      assert.lengthOf(listed, 3 + 5 + 2)
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("streamAll emits the error of an account as a value, and continues with the others", () =>
    Effect.gen(function*() {
      const listed = yield* collect([gone, red, green])
      const failed = listed.filter(({ result }) => Result.isFailure(result))
      assert.lengthOf(failed, 1)
      assert.strictEqual(failed[0]!.account, gone)
      assert.isTrue(Result.isFailure(failed[0]!.result) && failed[0]!.result.failure._tag === "Unauthorized")
      assert.lengthOf(listed, 1 + 3 + 5)
      assert.notInclude(inspect(listed, { depth: 9 }), "HRKU-gone")
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("streamAll emits the error of a later page after the authorizations before it", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(403), { operation: "list", every: 2 })
      const listed = yield* collect([red], { pageSize: 2 })
      assert.deepStrictEqual(listed.map(({ result }) => result._tag), ["Success", "Success", "Failure"])
    }).pipe(
      Effect.provide(
        Layer.provideMerge(AccountClients.layer(), FakeHeroku.layerHttpClientWithFaults({ token: red.token, count: 3 }))
      )
    ))

  it.effect("streamAll lists at most `concurrency` accounts at once", () => {
    const inFlight = { now: 0, most: 0 }
    const layerCounting = Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) =>
        HttpClient.transform(client, (send) =>
          Effect.suspend(() => {
            inFlight.most = Math.max(inFlight.most, ++inFlight.now)
            return Effect.ensuring(Effect.andThen(Effect.sleep("1 second"), send), Effect.sync(() => inFlight.now--))
          })))
    ).pipe(Layer.provide(layerHeroku))
    return Effect.gen(function*() {
      const listed = yield* whileSecondsPass(collect([red, green, blue, gone, red, green], { concurrency: 2 }), 20)
      assert.lengthOf(listed, 3 + 5 + 2 + 1 + 3 + 5)
      assert.strictEqual(inFlight.most, 2)
    }).pipe(Effect.provide(Layer.provide(AccountClients.layer(), layerCounting)))
  })
})
