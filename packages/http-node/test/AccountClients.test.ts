import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
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

/** The clients, and how often one was built for which token. */
const makeClients = (options: AccountClients.Options = {}) => {
  const built: Array<string> = []
  const layer = AccountClients.layer({
    // It is called once for each client, with a client that does not know its token yet.
    transformClient: (client) => {
      built.push("client")
      return client
    },
    ...options
  })
  return { built, layer: Layer.provide(layer, layerHeroku) }
}

const count = Stream.unwrap(AuthorizationService.useSync((service) => service.stream())).pipe(Stream.runCount)

describe("clients", () => {
  it.effect("reach the account of their token", () =>
    Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      assert.deepStrictEqual(
        yield* Effect.forEach([red, green, blue], ({ token }) => Effect.provide(count, get(token))),
        [3, 5, 2]
      )
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("are made once for each token, also when many ask at the same time", () => {
    const { built, layer } = makeClients()
    return Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      const tokens = [red, green, red, account("red"), green].map(({ token }) => token)
      yield* Effect.forEach(tokens, (token) => Effect.provide(count, get(token)), { concurrency: "unbounded" })
      assert.lengthOf(built, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("are released when they were idle, and made again when they are needed", () => {
    const { built, layer } = makeClients({ idleTimeToLive: "1 minute" })
    return Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      const use = Effect.provide(count, get(red.token))
      yield* use
      yield* TestClock.adjust("59 seconds")
      yield* use
      assert.lengthOf(built, 1)
      yield* TestClock.adjust("61 seconds")
      yield* use
      assert.lengthOf(built, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("are kept for five minutes unless told otherwise", () => {
    const { built, layer } = makeClients()
    return Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      const use = Effect.provide(count, get(red.token))
      yield* use
      yield* TestClock.adjust("299 seconds")
      yield* use
      assert.lengthOf(built, 1)
      yield* TestClock.adjust("301 seconds")
      yield* use
      assert.lengthOf(built, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("are forgotten when they are told to be", () => {
    const { built, layer } = makeClients()
    return Effect.gen(function*() {
      const { get, invalidate } = yield* AccountClients.AccountClients
      yield* Effect.provide(count, get(red.token))
      yield* invalidate(red.token)
      yield* Effect.provide(count, get(red.token))
      assert.lengthOf(built, 2)
    }).pipe(Effect.provide(layer))
  })

  it.effect("take their turns in the budgets of their accounts", () => {
    const asked: Array<string> = []
    const layerBudget = Layer.succeed(RequestBudget.RequestBudget, {
      forToken: (token) => ({
        take: () => Effect.sync(() => asked.push(Redacted.value(token))),
        learn: () => Effect.void
      })
    })
    return Effect.gen(function*() {
      const { get } = yield* AccountClients.AccountClients
      yield* Effect.provide(count, get(red.token))
      yield* Effect.provide(count, get(green.token))
      assert.deepStrictEqual(asked, ["HRKU-red", "HRKU-green"])
    }).pipe(Effect.provide(Layer.provide(makeClients().layer, layerBudget)))
  })
})

describe("all accounts", () => {
  const collect = (accounts: ReadonlyArray<typeof red>, options?: AccountClients.StreamAllOptions) =>
    AccountClients.AccountClients.use(({ streamAll }) => Stream.runCollect(streamAll(accounts, options)))

  it.effect("are one stream, each in the order of its list", () =>
    Effect.gen(function*() {
      const listed = yield* collect([red, green, blue], { pageSize: 2 })
      for (const [{ name, token }, size] of [[red, 3], [green, 5], [blue, 2]] as const) {
        const ids = listed.filter(({ account }) => account.name === name).map(({ result }) =>
          Result.getOrThrow(result).id
        )
        assert.lengthOf(ids, size)
        const { get } = yield* AccountClients.AccountClients
        const expected = yield* Stream.unwrap(AuthorizationService.useSync((service) => service.stream())).pipe(
          Stream.runCollect,
          Effect.provide(get(token))
        )
        assert.deepStrictEqual(ids, expected.map(({ id }) => id))
      }
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("go on when one fails: its error is a value, after what it had listed", () =>
    Effect.gen(function*() {
      const listed = yield* collect([gone, red, green])
      const failed = listed.filter(({ result }) => Result.isFailure(result))
      assert.lengthOf(failed, 1)
      assert.strictEqual(failed[0]!.account, gone)
      assert.isTrue(Result.isFailure(failed[0]!.result) && failed[0]!.result.failure._tag === "Unauthorized")
      assert.lengthOf(listed, 1 + 3 + 5)
      assert.notInclude(inspect(listed, { depth: 9 }), "HRKU-gone")
    }).pipe(Effect.provide(makeClients().layer)))

  it.effect("that break off in the middle end with the error", () =>
    Effect.gen(function*() {
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.status(403), { operation: "list", every: 2 })
      const listed = yield* collect([red], { pageSize: 2 })
      assert.deepStrictEqual(listed.map(({ result }) => result._tag), ["Success", "Success", "Failure"])
    }).pipe(Effect.provide(Layer.provideMerge(makeClients().layer, FaultInjection.layer))))

  it.effect("are listed so many at a time", () => {
    let most = 0
    let now = 0
    const layerCounting = Layer.effect(
      HttpClient.HttpClient,
      Effect.map(HttpClient.HttpClient, (client) =>
        HttpClient.transform(client, (send) =>
          Effect.suspend(() => {
            most = Math.max(most, ++now)
            return Effect.ensuring(Effect.andThen(Effect.sleep("1 second"), send), Effect.sync(() => now--))
          })))
    ).pipe(Layer.provide(layerHeroku))
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(collect([red, green, blue, gone, red, green], { concurrency: 2 }))
      for (let second = 0; second < 20; second++) yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* Fiber.join(fiber), 3 + 5 + 2 + 1 + 3 + 5)
      assert.strictEqual(most, 2)
    }).pipe(Effect.provide(Layer.provide(AccountClients.layer(), layerCounting)))
  })
})
