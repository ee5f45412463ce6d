/** The authorizations of every implementation are plain data, so that libraries can copy, freeze and wrap them. */
import { Authorization } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { id } from "@effect-heroku/test-kit/samples"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { isDeepStrictEqual } from "node:util"
import { layerOver, layerOverSocket } from "./fixtures/liveService.ts"

const account = { seed: [{ id, description: "ci" }, { client: { id: "c" }, refreshToken: "HRKU-refresh" }] }

const layers: ReadonlyArray<[string, Layer.Layer<AuthorizationService>]> = [
  ["the memory layer", MemoryAuthorizationService.layer(account)],
  ["the live layer", layerOver({ layer: FakeHeroku.layerHttpClient(account) })],
  ["the live layer over a socket", layerOverSocket(FakeHeroku.layerServer(account))]
]

/** An authorization of each operation. */
const authorizations = AuthorizationService.use((service) =>
  Effect.all([
    service.create({ scope: ["global"], description: "ci" }),
    service.info(id),
    service.update(id, { description: "new" }),
    Effect.map(service.list(), ({ items }) => items[0]!),
    service.regenerate(id),
    service.delete(id)
  ])
)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Asserts that all properties are enumerable data properties, and that every secret is frozen. */
const assertPlain = (authorization: Authorization): void => {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(authorization))) {
    assert.isTrue("value" in descriptor && descriptor.enumerable, key)
  }
  const { accessToken, grant, refreshToken } = authorization
  const secrets = [
    ...[accessToken, refreshToken].flatMap(Option.toArray).map(({ token }) => token),
    ...Option.toArray(grant).map(({ code }) => code)
  ]
  for (const secret of secrets) assert.isFrozen(secret)
}

/** Copies an object like the clone libraries: own enumerable properties and the prototype, deeply. */
const clone = (value: unknown): unknown => {
  if (!isObject(value)) return value
  if (Array.isArray(value)) return value.map(clone)
  const entries = Object.entries(value).map(([key, property]) => [key, clone(property)])
  return Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(entries))
}

/** Wraps an object and everything read from it in a `Proxy`. */
const wrap = <A>(value: A, isWrapped: (value: object) => boolean): A =>
  isObject(value) && isWrapped(value)
    ? new Proxy(value, { get: (target, key, self) => wrap(Reflect.get(target, key, self), isWrapped) })
    : value

const tokenOf = ({ accessToken }: Authorization) => Redacted.value(Option.getOrThrow(accessToken).token)

/** What a program reads of an authorization besides its secrets. */
const read = ({ accessToken, client, createdAt, description, id, scope }: Authorization) => [
  id,
  Option.getOrUndefined(description),
  [...scope],
  Option.map(accessToken, (token) => token.id),
  Option.map(client, (client) => client.id),
  createdAt.epochMilliseconds
]

describe("plain data", () => {
  it.live.each(layers)(
    "the authorizations of %s can be spread, frozen, cloned and wrapped",
    ([, layer]) =>
      Effect.gen(function*() {
        for (const authorization of yield* Effect.provide(authorizations, layer)) {
          assert.instanceOf(authorization, Authorization)
          assertPlain(authorization)

          const copy = { ...authorization }
          assert.deepStrictEqual(Object.keys(copy), Object.keys(authorization))
          assert.strictEqual(tokenOf(Object.freeze(authorization)), tokenOf(authorization))
          assert.isTrue(isDeepStrictEqual(clone(authorization), authorization))
          assert.strictEqual(structuredClone(copy).id, authorization.id)

          // A deep proxy reads everything but a secret, which `Redacted` does not allow.
          const proxy = wrap(authorization, () => true)
          assert.deepStrictEqual(read(proxy), read(authorization))
          assert.throws(() => tokenOf(proxy))
          // Vue's `reactive` leaves frozen objects alone.
          const reactive = wrap(authorization, Object.isExtensible)
          assert.deepStrictEqual(read(reactive), read(authorization))
          assert.strictEqual(tokenOf(reactive), tokenOf(authorization))
        }
      })
  )
})
