import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const id = AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const later = AuthorizationId.make("00000000-0000-4000-8000-000000000002")

describe("HerokuAccount of the memory layer", () => {
  const test = (sentence: string, body: Effect.Effect<void, unknown, HerokuAccount | AuthorizationService>) =>
    it.effect(sentence, () =>
      Effect.provide(
        body,
        MemoryAuthorizationService.layer({ seed: [{ id, description: "first", expiresIn: "1 hour" }] })
      ))

  test(
    "shows what the service did",
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const service = yield* AuthorizationService
      const made = yield* service.create({ scope: ["read"] })
      yield* service.delete(id)
      assert.deepStrictEqual(yield* account.authorizations, [made])
      assert.deepStrictEqual(yield* account.get(made.id), Option.some(made))
      assert.deepStrictEqual(yield* account.get(id), Option.none())
    })
  )

  test(
    "counts lifetimes down by the clock",
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      yield* TestClock.adjust("59 minutes")
      const [only] = yield* account.authorizations
      const remaining = Option.flatMap(only!.accessToken, ({ expiresIn }) => expiresIn)
      assert.deepStrictEqual(Option.map(remaining, Duration.toMinutes), Option.some(1))
    })
  )

  test(
    "changes the account behind the service's back",
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const service = yield* AuthorizationService
      const [planted, replaced] = yield* account.put({ id: later, scope: ["global"] }, { id, description: "replaced" })
      assert.instanceOf(planted, Authorization)
      assert.deepStrictEqual(yield* Stream.runCollect(service.stream()), [replaced!, planted!])
      yield* account.remove(id, "no such id")
      assert.strictEqual((yield* Effect.flip(service.info(id)))._tag, "NotFound")
      assert.lengthOf(yield* account.authorizations, 1)
      assert.strictEqual(yield* account.size, 1)
    })
  )

  test(
    "says what ~ names",
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const service = yield* AuthorizationService
      const nameless = service.info(AuthorizationId.make("~"))
      assert.strictEqual((yield* Effect.flip(nameless))._tag, "NotFound")
      yield* account.setDefault(id)
      assert.strictEqual((yield* nameless).id, id)
      yield* account.setDefault(undefined)
      assert.strictEqual((yield* Effect.flip(nameless))._tag, "NotFound")
    })
  )

  it.effect("is no call: no fault strikes, and none is recorded", () =>
    Effect.gen(function*() {
      const account = yield* HerokuAccount
      const faults = yield* FaultInjection.FaultInjection
      yield* faults.inject(FaultInjection.hang, { times: Infinity })
      yield* account.put({ id })
      assert.lengthOf(yield* account.authorizations, 1)
      assert.deepStrictEqual(yield* faults.calls, [])
    }).pipe(Effect.provide(MemoryAuthorizationService.layer().pipe(Layer.provideMerge(FaultInjection.layer)))))
})

describe("HerokuAccount of the imitation", () => {
  const isThere = Effect.gen(function*() {
    const account = yield* HerokuAccount
    const client = yield* HttpClient.HttpClient
    yield* account.put({ id, description: "planted" })
    const request = HttpClientRequest.get(`/oauth/authorizations/${id}`).pipe(
      HttpClientRequest.bearerToken("any"),
      HttpClientRequest.accept("application/vnd.heroku+json; version=3")
    )
    const response = yield* client.execute(request)
    assert.strictEqual(response.status, 200)
    assert.include(yield* response.text, "planted")
    yield* account.remove(id)
    assert.strictEqual((yield* client.execute(request)).status, 404)
  })

  it.effect("is the account that it answers from, in process", () =>
    isThere.pipe(
      Effect.updateService(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.prependUrl("https://any"))),
      Effect.provide(FakeHeroku.layerHttpClient())
    ))

  it.effect("is the account that it answers from, behind a socket", () =>
    Effect.provide(isThere, FakeHeroku.layerServer().pipe(Layer.provideMerge(NodeHttpServer.layerTest))))
})
