/** The authorizations of every implementation are plain data, so that libraries can copy, freeze and wrap them. */
import { Authorization } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { id } from "@effect-heroku/test-kit/samples"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { layerOver } from "./fixtures/liveService.ts"

const account = { seed: [{ id, description: "ci" }, { client: { id: "c" }, refreshToken: "HRKU-refresh" }] }

/** Authorizations of every operation. */
const authorizations = AuthorizationService.use((service) =>
  Effect.all([
    service.create({ scope: ["global"], description: "ci" }),
    service.info(id),
    service.update(id, { description: "new" }),
    Effect.map(service.list(), ({ items }) => items.at(-1)!),
    service.regenerate(id),
    service.delete(id)
  ])
)

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Copies an object like the clone libraries: own enumerable properties and the prototype, deeply. */
const clone = (value: unknown): unknown => {
  if (!isObject(value)) return value
  if (Array.isArray(value)) return value.map(clone)
  const entries = Object.entries(value).map(([key, property]) => [key, clone(property)])
  return Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(entries))
}

/** Wraps an object and everything read from it in a `Proxy`. Vue's `reactive` leaves frozen objects alone. */
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
  createdAt.epochMilliseconds,
  Option.map(accessToken, (token) => token.id),
  Option.map(client, (client) => client.id)
]

it.effect.each<[string, Layer.Layer<AuthorizationService>]>([
  ["the memory layer", MemoryAuthorizationService.layer(account)],
  ["the live layer", layerOver({ layer: FakeHeroku.layerHttpClient(account) })]
])(
  "the authorizations of %s can be spread, frozen, cloned and wrapped in a Proxy",
  ([, layer]) =>
    Effect.gen(function*() {
      for (const authorization of yield* Effect.provide(authorizations, layer)) {
        const token = tokenOf(authorization)
        const expected = read(authorization)
        assert.instanceOf(authorization, Authorization)
        for (const property of Object.values(Object.getOwnPropertyDescriptors(authorization))) {
          assert.isTrue("value" in property && property.enumerable)
        }
        assert.strictEqual(tokenOf(new Authorization({ ...authorization })), token)
        assert.deepStrictEqual(clone(authorization), authorization)
        assert.strictEqual(structuredClone({ ...authorization }).id, authorization.id)
        // `Redacted` does not allow reading a secret through a deep proxy.
        const proxy = wrap(authorization, () => true)
        assert.deepStrictEqual(read(proxy), expected)
        assert.throws(() => tokenOf(proxy))
        const reactive = wrap(authorization, Object.isExtensible)
        assert.deepStrictEqual(read(reactive), expected)
        assert.strictEqual(tokenOf(reactive), token)
        assert.strictEqual(tokenOf(Object.freeze(authorization)), token)
      }
    })
)
