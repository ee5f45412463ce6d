/** Helpers of the tests of the contract. */
import { type Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import type { Page, Service } from "@effect-heroku/core/AuthorizationService"
import { assert } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/** Declares a test. Its body gets the service, and the ids that the account had before. */
export type Test = (
  title: string,
  body: (service: Service, before: ReadonlyArray<string>) => Effect.fn.Return<void, unknown>
) => void

/** An existing OAuth client and its secret. */
export interface Client {
  readonly id: string
  readonly secret: Redacted.Redacted
}

/** Runs a test, and deletes the authorizations that it created. */
export const run = (service: Service, body: Parameters<Test>[1]): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const before = yield* idsOfAll(service)
    const created = new Set<AuthorizationId>()
    const recording: Service = {
      ...service,
      create: (input) => Effect.tap(service.create(input), ({ id }) => Effect.sync(() => created.add(id))),
      delete: (id) => Effect.tap(service.delete(id), ({ id }) => Effect.sync(() => created.delete(id)))
    }
    const cleanUp = Effect.suspend(() =>
      Effect.forEach([...created], (id) => Effect.ignore(service.delete(id)), { concurrency: 10, discard: true })
    )
    yield* Effect.ensuring(Effect.gen(() => body(recording, before)), cleanUp)
  })

/** An id that no authorization has. */
export const missing = AuthorizationId.make("01234567-89ab-cdef-0123-456789abcdef")

/** A value with a wrong type, as untyped programs pass it. */
export const unchecked = <A>(value: unknown): A => value as A

/** Creates authorizations, ten at a time, and returns their ids. */
export const createMany = (service: Service, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => `number ${index}`),
    (description) => Effect.map(service.create({ scope: ["read"], description }), ({ id }) => id),
    { concurrency: 10 }
  )

/** A page size that divides an account of any size into a few pages, because a real one allows few requests. */
export const pageSizeFor = (total: number): number => Math.min(Math.max(2, Math.ceil(total / 5)), 999)

export const sorted = (ids: ReadonlyArray<string>): ReadonlyArray<string> => ids.toSorted()

export const idsOf = (pages: ReadonlyArray<Page>): ReadonlyArray<string> =>
  pages.flatMap(({ items }) => items.map(({ id }) => id))

const idsOfAll = (service: Service) => Effect.map(Stream.runCollect(service.pages()), idsOf)

export const tokenOf = ({ accessToken }: Authorization): string => Redacted.value(Option.getOrThrow(accessToken).token)

/** The fields that are the same in every response. Lifetimes change, and tokens can be masked. */
export const facts = ({ grant: _grant, updatedAt: _updatedAt, ...fields }: Authorization) => ({
  ...fields,
  accessToken: Option.map(fields.accessToken, ({ id }) => id),
  refreshToken: Option.map(fields.refreshToken, ({ id }) => id)
})

/** Checks that `info` returns the same authorization. */
export const assertStored = (service: Service, authorization: Authorization) =>
  Effect.map(service.info(authorization.id), (stored) => assert.deepStrictEqual(facts(stored), facts(authorization)))

/** Checks that the account has exactly these authorizations. */
export const assertIds = (service: Service, ids: ReadonlyArray<string>) =>
  Effect.map(idsOfAll(service), (all) => assert.deepStrictEqual(all, sorted(ids)))

/** Checks that a call fails because of the request, and not without a response. */
export const assertRejected = <A>(call: Effect.Effect<A, AuthorizationError>) =>
  Effect.map(Effect.flip(call), (error) => assert.notStrictEqual(error._tag, "RequestFailed"))

/** Checks that at most `lifetime` remains, and not much less: the suite takes less than 15 minutes. */
export const assertRemaining = ({ accessToken }: Authorization, lifetime: Duration.Duration): void => {
  const seconds = Duration.toSeconds(Option.getOrThrow(Option.getOrThrow(accessToken).expiresIn))
  assert.isAtMost(seconds, Duration.toSeconds(lifetime))
  assert.isAtLeast(seconds, Duration.toSeconds(lifetime) - 900)
}

export const assertNotFound = (error: AuthorizationError, operation: Operation, id: string): void => {
  assert(error._tag === "NotFound", error._tag)
  assert.strictEqual(error.operation, operation)
  assert.strictEqual(error.status, 404)
  assert.strictEqual(error.id, id)
  assert.deepStrictEqual(error.errorId, Option.some("not_found"))
  assert.isFalse(error.outcomeUnknown)
}

/** Checks that the input was rejected before a request was sent, and that the error names the field. */
export const assertInvalid = (error: AuthorizationError, operation: Operation, field: string): void => {
  assert(error._tag === "InvalidParams", error._tag)
  assert.strictEqual(error.operation, operation)
  assert.isUndefined(error.status, "rejected before a request")
  // The field of an array's member is `scope.0`.
  assert.strictEqual(Option.getOrElse(error.field, () => "").replace(/\.\d+$/, ""), field)
}
