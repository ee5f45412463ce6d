import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const id = AuthorizationId.make("00000000-0000-4000-8000-000000000001")
const later = AuthorizationId.make("00000000-0000-4000-8000-000000000002")

const test = (title: string, body: Effect.Effect<void, unknown, HerokuAccount | AuthorizationService>) =>
  it.effect(title, () =>
    Effect.provide(
      body,
      MemoryAuthorizationService.layer({ seed: [{ id, description: "first", expiresIn: "1 hour" }] })
    ))

test(
  "HerokuAccount shows the changes of the service",
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    const service = yield* AuthorizationService
    const created = yield* service.create({ scope: ["read"] })
    yield* service.delete(id)
    assert.deepStrictEqual(yield* account.authorizations, [created])
    assert.deepStrictEqual(yield* account.get(created.id), Option.some(created))
    assert.deepStrictEqual(yield* account.get(id), Option.none())
  })
)

test(
  "HerokuAccount returns lifetimes as of now",
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    yield* TestClock.adjust("59 minutes")
    const [only] = yield* account.authorizations
    const remaining = Option.flatMap(only!.accessToken, ({ expiresIn }) => expiresIn)
    assert.deepStrictEqual(Option.map(remaining, Duration.toMinutes), Option.some(1))
  })
)

test(
  "HerokuAccount inserts and removes authorizations that the service then lists",
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    const service = yield* AuthorizationService
    const [inserted, replaced] = yield* account.put({ id: later, scope: ["global"] }, { id, description: "replaced" })
    assert.instanceOf(inserted, Authorization)
    assert.deepStrictEqual(yield* Stream.runCollect(service.stream()), [replaced!, inserted!])
    yield* account.remove(id, "no such id")
    assert.strictEqual((yield* Effect.flip(service.info(id)))._tag, "NotFound")
    assert.lengthOf(yield* account.authorizations, 1)
    assert.strictEqual(yield* account.size, 1)
  })
)

test(
  "setDefault sets the authorization that ~ names",
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

it.effect("revokedTokens contains the tokens that no longer work, and another account rejects them", () =>
  Effect.gen(function*() {
    const revokedTokens = yield* Effect.gen(function*() {
      const service = yield* AuthorizationService
      const token = (one: Authorization) => Redacted.value(Option.getOrThrow(one.accessToken).token)
      const [kept, replaced, deleted] = yield* Effect.all([1, 2, 3].map(() => service.create({ scope: ["read"] })))
      yield* service.regenerate(replaced!.id)
      yield* service.delete(deleted!.id)
      const revoked = yield* HerokuAccount.use((account) => account.revokedTokens)
      assert.deepStrictEqual(revoked.map((one) => Redacted.value(one)), [token(replaced!), token(deleted!)])
      assert.notInclude(revoked.map((one) => Redacted.value(one)), token(kept!))
      return revoked
    }).pipe(Effect.provide(MemoryAuthorizationService.layer()))
    const statusOf = (token: Redacted.Redacted) =>
      HttpClient.execute(
        HttpClientRequest.get("https://any/account").pipe(
          HttpClientRequest.bearerToken(token),
          HttpClientRequest.accept("application/vnd.heroku+json; version=3")
        )
      ).pipe(Effect.map(({ status }) => status), Effect.provide(FakeHeroku.layerHttpClient({ revokedTokens })))
    assert.deepStrictEqual(yield* Effect.forEach(revokedTokens, statusOf), [401, 401])
  }))

it.effect("operations of HerokuAccount are not calls: they have no faults and are not recorded", () =>
  Effect.gen(function*() {
    const account = yield* HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.hang, { times: Infinity })
    yield* account.put({ id })
    assert.lengthOf(yield* account.authorizations, 1)
    assert.deepStrictEqual(yield* faults.calls, [])
  }).pipe(Effect.provide(MemoryAuthorizationService.layerWithFaults())))

const insertAndRead = Effect.gen(function*() {
  const account = yield* HerokuAccount
  const client = yield* HttpClient.HttpClient
  yield* account.put({ id, description: "inserted" })
  const request = HttpClientRequest.get(`/oauth/authorizations/${id}`).pipe(
    HttpClientRequest.bearerToken("any"),
    HttpClientRequest.accept("application/vnd.heroku+json; version=3")
  )
  const response = yield* client.execute(request)
  assert.strictEqual(response.status, 200)
  assert.include(yield* response.text, "inserted")
  yield* account.remove(id)
  assert.strictEqual((yield* client.execute(request)).status, 404)
})

it.effect("HerokuAccount is the account of the fake API in process", () =>
  insertAndRead.pipe(
    Effect.updateService(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.prependUrl("https://any"))),
    Effect.provide(FakeHeroku.layerHttpClient())
  ))

it.effect("HerokuAccount is the account of the fake API behind a socket", () =>
  Effect.provide(insertAndRead, FakeHeroku.layerServer().pipe(Layer.provideMerge(NodeHttpServer.layerTest))))
