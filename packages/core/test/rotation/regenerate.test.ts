import * as Authorization from "@effect-heroku/core/Authorization"
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import type * as HerokuAccount from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  a,
  b,
  changing,
  conflictOf,
  descriptions,
  findLive,
  inAccount,
  operations,
  regenerating,
  replacedBy,
  replacing
} from "../fixtures/rotation.ts"

const plain = new Map([[a, "key a"]])
const marked = new Map([[a, regenerating]])

it.effect("regenerate marks, regenerates, delivers, verifies and renames with five requests besides two listings", () =>
  inAccount(function*({ account, deliveries, verify }) {
    const seen: Array<unknown> = []
    const look = Effect.map(account.get(a), (one) => seen.push(Option.getOrThrow(one).description))
    const outcome = yield* Rotation.regenerate(a, { verify: (token) => Effect.tap(verify(token), look) })
    assert.deepStrictEqual(outcome, { _tag: "regenerated", id: a })
    assert.deepStrictEqual(seen, [Option.some(regenerating)])
    const [{ authorization, replaces, token }] = deliveries as [Rotation.DeliveryInput]
    assert.deepStrictEqual([authorization.id, replaces, (yield* findLive(token))!.id], [a, a, a])
    assert.deepStrictEqual(yield* descriptions, plain)
    // The verification is the fifth request.
    assert.deepStrictEqual(yield* operations, ["list", "info", "update", "list", "regenerate", "update"])
  }))

it.effect.each([undefined, {}])(
  "regenerate without verify, which its type forbids, changes nothing: %j",
  (options) =>
    inAccount(function*({ deliveries }) {
      const error = yield* Effect.flip(Rotation.regenerate(a, options as never))
      assert(error._tag === "InvalidParams")
      assert.deepStrictEqual(error.field, Option.some("verify"))
      assert.deepStrictEqual([yield* operations, deliveries], [[], []])
    })
)

it.effect("regenerate removes its mark after a request for a two-factor code, and keeps the error", () =>
  inAccount(function*({ deliveries, faults, verify }) {
    yield* faults.inject(FaultInjection.status(403, { errorId: "two_factor" }), { operation: "regenerate" })
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(a, { verify })))._tag, "TwoFactorRequired")
    assert.deepStrictEqual(yield* descriptions, plain)
    yield* faults.inject(FaultInjection.status(403, { errorId: "two_factor" }), { operation: "regenerate" })
    yield* faults.inject(FaultInjection.status(503), {
      operation: "update",
      when: ({ input }) => input?.description === "key a"
    })
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(a, { verify })))._tag, "TwoFactorRequired")
    assert.isEmpty(deliveries)
  }))

it.effect("regenerate works for the authorization of a privileged client, and removes its mark for another client", () =>
  inAccount(function*({ deliveries, verify }) {
    assert.strictEqual((yield* Rotation.regenerate(a, { verify }))._tag, "regenerated")
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(b, { verify })))._tag, "Forbidden")
    assert.deepStrictEqual([...(yield* descriptions).values()], ["key a", "key b"])
    assert.lengthOf(deliveries, 1)
  }, {
    seed: [
      { id: a, description: "key a", client: { privileged: true } },
      { id: b, description: "key b", client: { name: "CI" } }
    ]
  }))

it.effect("regenerate regenerates again what an interrupted run marked", () =>
  inAccount(function*({ deliveries, verify }) {
    assert.strictEqual((yield* Rotation.regenerate(a, { verify }))._tag, "regenerated")
    assert.lengthOf(deliveries, 1)
    assert.deepStrictEqual(yield* descriptions, plain)
    assert.deepStrictEqual(yield* operations, ["list", "info", "list", "regenerate", "update"])
  }, { seed: [{ id: a, description: regenerating }] }))

it.effect("regenerate leaves its mark when delivering fails", () =>
  inAccount(function*({ verify }) {
    const failed = new Rotation.DeliveryFailed({ message: "The disk is full" })
    const delivery = { deliver: () => Effect.fail(failed) }
    const run = Rotation.regenerate(a, { verify }).pipe(Effect.provideService(Rotation.Delivery, delivery))
    assert.strictEqual(yield* Effect.flip(run), failed)
    assert.deepStrictEqual(yield* descriptions, marked)
  }))

it.effect("a regenerate whose outcome is unknown is not retried", () =>
  inAccount(function*({ faults, verify }) {
    yield* faults.inject(FaultInjection.connectionReset, { operation: "regenerate", afterActing: true })
    assert.strictEqual((yield* Effect.flip(Rotation.regenerate(a, { verify })))._tag, "RequestFailed")
    assert.deepStrictEqual(yield* operations, ["list", "info", "update", "list", "regenerate"])
    assert.deepStrictEqual(yield* descriptions, marked)
  }))

it.effect("the response of a regenerate without a token in clear is invalid", () =>
  inAccount(function*({ service, verify }) {
    const masking = { ...service, regenerate: service.info }
    const error = yield* Rotation.regenerate(a, { verify }).pipe(
      Effect.provideService(AuthorizationService.AuthorizationService, masking),
      Effect.flip
    )
    assert.deepInclude(error, { _tag: "InvalidResponse", operation: "regenerate", status: 200 })
  }))

it.effect("regenerate regenerates and delivers again when the delivered token does not work, three times at most", () =>
  inAccount(function*({ deliveries }) {
    let rejected = 3
    const options: Rotation.RegenerateOptions = { verify: () => Effect.sync(() => rejected-- <= 0) }
    assert.strictEqual((yield* Rotation.regenerate(a, options))._tag, "regenerated")
    assert.lengthOf(deliveries, 4)
    const four = Array.from({ length: 4 }, () => "regenerate")
    assert.deepStrictEqual(yield* operations, ["list", "info", "update", "list", ...four, "update"])
    rejected = 4
    const { message, successors } = yield* conflictOf(Rotation.regenerate(a, options))
    assert.include(message, "keeps regenerating")
    assert.isEmpty(successors)
    assert.strictEqual(new Set(deliveries.map(({ token }) => Redacted.value(token))).size, 8)
    assert.deepStrictEqual(yield* descriptions, marked)
  }))

it.effect("regenerate starts over when another run regenerated the tokens after they were verified", () =>
  inAccount(function*({ deliveries, service, verify }) {
    // The other run is interrupted before it delivers.
    const outcome = yield* Rotation.regenerate(a, { verify }).pipe(changing("update", 2, service.regenerate(a)))
    assert.strictEqual(outcome._tag, "regenerated")
    assert.lengthOf(deliveries, 2)
    assert.strictEqual((yield* findLive(deliveries[1]!.token))!.id, a)
    assert.deepStrictEqual(yield* descriptions, plain)
    const [byOther, again] = ["regenerate", ["update", "list", "regenerate", "update"]]
    assert.deepStrictEqual(
      yield* operations,
      ["list", "info", "update", "list", "regenerate", byOther, "update", ...again]
    )
  }))

const startingOver = ["list", "info", "update", "list", "regenerate", "regenerate", "update", "update", "list"]

it.effect.each([
  { when: "an interrupted run had begun", description: regenerating, listing: 1, called: ["list", "info", "list"] },
  { when: "it had begun", description: "key a", listing: 2, called: ["list", "info", "update", "list"] },
  { when: "another run regenerated the tokens, too", description: "key a", listing: 3, called: startingOver }
])(
  "regenerate leaves its mark when a successor appeared after $when",
  ({ called, description, listing }) =>
    inAccount(function*({ account, deliveries, service, verify }) {
      yield* account.put({ id: a, description })
      const { message, successors } = yield* Rotation.regenerate(a, { verify }).pipe(
        changing("update", 2, listing === 3 ? service.regenerate(a) : Effect.void),
        changing("stream", listing, account.put({ id: b, description: replacing })),
        conflictOf
      )
      assert.deepStrictEqual(successors, [b])
      assert.strictEqual(
        message,
        "A successor exists, so this run stopped and left its mark. Once no other run is at work: if a consumer uses the "
          + "successor, delete this authorization and run `replace`. Otherwise delete the successor with "
          + "`removeLeftovers({ ids })` and run `regenerate` again."
      )
      assert.lengthOf(deliveries, listing === 3 ? 1 : 0)
      assert.deepStrictEqual(yield* operations, called)
      assert.strictEqual((yield* descriptions).get(a), regenerating)
      yield* Rotation.removeLeftovers({ ids: [b] })
      assert.strictEqual((yield* Rotation.regenerate(a, { verify }))._tag, "regenerated")
    })
)

it.effect.each<[string, ReadonlyArray<HerokuAccount.AuthorizationSeed>]>([
  ["a successor exists", [{ id: a, description: "key a" }, { id: b, description: replacing }]],
  ["it has been replaced", [{ id: a, description: replacedBy(b) }]],
  ["it is a successor itself", [{ id: a, description: `key a [replaces ${b}]` }]]
])("regenerate changes nothing when %s", ([, seed]) =>
  inAccount(function*({ verify }) {
    const before = yield* descriptions
    const { message, successors } = yield* conflictOf(Rotation.regenerate(a, { verify }))
    assert.include(message, "Its replacement has begun")
    assert.deepStrictEqual([...successors], seed.length > 1 ? [b] : [])
    assert.deepStrictEqual(yield* descriptions, before)
    assert.deepStrictEqual(yield* operations, ["list", "info"])
  }, { seed }))

it.effect("regenerate rejects the acting token's own authorization and one that is not listed", () =>
  inAccount(function*({ account, verify }) {
    const actingToken = Option.getOrThrow(Option.flatMap(yield* account.get(a), Authorization.accessToken))
    const own = yield* Effect.flip(Rotation.regenerate(a, { actingToken, verify }))
    assert.strictEqual(own._tag, "OwnAuthorization")
    const unlisted = yield* Rotation.regenerate(b, { verify }).pipe(
      changing("info", 1, account.put({ id: b })),
      Effect.flip
    )
    assert.deepInclude(unlisted, { _tag: "NotReplaceable", reason: "unlisted" })
  }))

it.effect("regenerate reports an authorization that does not exist as gone", () =>
  inAccount(function*({ verify }) {
    assert.deepStrictEqual(yield* Rotation.regenerate(b, { verify }), { _tag: "gone", id: b })
    assert.deepStrictEqual(yield* operations, ["list", "info"])
  }))
