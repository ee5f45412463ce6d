/**
 * Random operations over a connection that drops, delays, cuts and garbles at random. Afterwards the account is what the
 * outcomes said: whatever was reported as done is done once, whatever was reported as not done is not, and only what was
 * reported as unknown may be either.
 */
import type { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

// -----------------------------------------------------------------------------
// What happens
// -----------------------------------------------------------------------------

const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

const Command = Schema.TaggedUnion({
  Create: {},
  Update: { place: Place },
  Regenerate: { place: Place },
  Delete: { place: Place },
  Walk: { concurrency: Schema.Literals([1, 3]) }
})

/** What befalls one request after another. Most go through. */
const Weather = Schema.Literals([
  "fair",
  "fair",
  "fair",
  "refused",
  "reset before",
  "reset after",
  "503 before",
  "503 after",
  "429",
  "cut",
  "garbled",
  "hang before",
  "hang after"
])

const inject = (faults: FaultInjection.Service, weather: typeof Weather.Type) => {
  const afterActing = weather.endsWith("after")
  switch (weather) {
    case "refused":
      return faults.inject(FaultInjection.connectionRefused)
    case "reset before":
    case "reset after":
      return faults.inject(FaultInjection.connectionReset, { afterActing })
    case "503 before":
    case "503 after":
      return faults.inject(FaultInjection.status(503), { afterActing })
    case "429":
      return faults.inject(FaultInjection.status(429))
    case "cut":
      return faults.inject(FaultInjection.cutBody)
    case "garbled":
      return faults.inject(FaultInjection.garbled)
    case "hang before":
    case "hang after":
      return faults.inject(FaultInjection.hang, { afterActing })
    default:
      return faults.inject(FaultInjection.delay(0))
  }
}

// -----------------------------------------------------------------------------
// What must be true
// -----------------------------------------------------------------------------

/** Whether an error says that the operation was not done. Of a status of the server's one cannot know. */
const isCertain = (error: AuthorizationError): boolean => {
  switch (error._tag) {
    case "RequestFailed":
      return !error.outcomeUnknown
    case "UnexpectedStatus":
    case "InvalidResponse":
      return false
    default:
      return !error.afterUnknownOutcome
  }
}

/** What is known of an authorization: each thing that it may be. */
interface Known {
  readonly exists: ReadonlySet<boolean>
  readonly descriptions: ReadonlySet<string>
  readonly tokens: ReadonlySet<string> | "any"
}

const yes = new Set([true])
const no = new Set([false])
const either = new Set([true, false])

const tokenOf = (authorization: { readonly accessToken: Option.Option<{ readonly token: Redacted.Redacted }> }) =>
  Redacted.value(Option.getOrThrow(authorization.accessToken).token)

const run = Effect.fnUntraced(
  function*(commands: ReadonlyArray<typeof Command.Type>, weathers: ReadonlyArray<typeof Weather.Type>) {
    const service = yield* AuthorizationService
    const account = yield* HerokuAccount
    const faults = yield* FaultInjection.FaultInjection
    for (const weather of weathers) yield* inject(faults, weather)

    const known = new Map<AuthorizationId, Known>()
    for (const one of yield* account.authorizations) {
      known.set(one.id, {
        exists: yes,
        descriptions: new Set(Option.toArray(one.description)),
        tokens: new Set([tokenOf(one)])
      })
    }
    /** How many authorizations a create may have made without saying so, by the description that only it used. */
    const silent = new Map<string, number>()

    /** An operation with all its retries, time flying by. */
    const settle = <A>(call: Effect.Effect<A, AuthorizationError>) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Effect.result(call))
        while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
        return yield* Fiber.join(fiber)
      })

    for (const [step, command] of commands.entries()) {
      const id = "place" in command ? [...known.keys()][command.place % known.size]! : undefined
      const before = id === undefined ? undefined : known.get(id)!
      switch (command._tag) {
        case "Create": {
          const description = `made in step ${step}`
          const outcome = yield* settle(service.create({ scope: ["read"], description }))
          silent.set(description, Result.isFailure(outcome) && !isCertain(outcome.failure) ? 1 : 0)
          if (Result.isSuccess(outcome)) {
            known.set(outcome.success.id, {
              exists: yes,
              descriptions: new Set([description]),
              tokens: new Set([tokenOf(outcome.success)])
            })
          }
          break
        }
        case "Update": {
          const description = `changed in step ${step}`
          const outcome = yield* settle(service.update(id!, { description }))
          if (Result.isSuccess(outcome)) {
            known.set(id!, { ...before!, exists: yes, descriptions: new Set([description]) })
          } else if (outcome.failure._tag === "NotFound") known.set(id!, { ...before!, exists: no })
          else if (!isCertain(outcome.failure)) {
            known.set(id!, { ...before!, descriptions: new Set([...before!.descriptions, description]) })
          }
          break
        }
        case "Regenerate": {
          const outcome = yield* settle(service.regenerate(id!))
          if (Result.isSuccess(outcome)) {
            known.set(id!, { ...before!, exists: yes, tokens: new Set([tokenOf(outcome.success)]) })
          } else if (outcome.failure._tag === "NotFound") known.set(id!, { ...before!, exists: no })
          else if (!isCertain(outcome.failure)) known.set(id!, { ...before!, tokens: "any" })
          break
        }
        case "Delete": {
          const outcome = yield* settle(service.delete(id!))
          if (Result.isSuccess(outcome)) {
            assert.isTrue(before!.exists.has(true), "what was deleted is deleted again")
            known.set(id!, { ...before!, exists: no })
          } else if (outcome.failure._tag === "NotFound") {
            // What had certainly been there can only be gone by this very call.
            if (before!.exists === yes) assert.isTrue(outcome.failure.afterUnknownOutcome)
            known.set(id!, { ...before!, exists: no })
          } else if (!isCertain(outcome.failure) && before!.exists.has(true)) {
            known.set(id!, { ...before!, exists: either })
          }
          break
        }
        case "Walk": {
          const { concurrency } = command
          const outcome = yield* settle(Stream.runCollect(service.stream({ pageSize: 2, concurrency })))
          if (Result.isSuccess(outcome)) {
            const there = (yield* account.authorizations).map((one) => one.id)
            assert.deepStrictEqual(outcome.success.map((one) => one.id), there)
          }
        }
      }
    }

    const left = new Map((yield* account.authorizations).map((one) => [one.id, one]))
    for (const [id, { descriptions, exists, tokens }] of known) {
      const one = left.get(id)
      assert.isTrue(exists.has(one !== undefined), `whether ${id} exists`)
      if (one === undefined) continue
      assert.isTrue(descriptions.has(Option.getOrThrow(one.description)), `the description of ${id}`)
      assert.isTrue(tokens === "any" || tokens.has(tokenOf(one)), `the token of ${id}`)
    }
    const unknown = [...left.values()].filter((one) => !known.has(one.id))
    for (const { description } of unknown) assert.isTrue(silent.has(Option.getOrThrow(description)))
    for (const [description, most] of silent) {
      const made = unknown.filter((one) => Option.contains(one.description, description))
      assert.isAtMost(made.length, most, `authorizations ${description} that nobody told of`)
    }
  }
)

const layer = HttpAuthorizationService.layer({ token: Redacted.make("any"), requestTimeout: "20 seconds" }).pipe(
  Layer.provideMerge(FakeHeroku.layerHttpClient({ seed: [{}, {}, {}] })),
  Layer.provideMerge(FaultInjection.layer)
)

it.effect.prop(
  "what was reported is what happened, and nothing happened twice",
  {
    commands: Arbitrary.array(Arbitrary.schema(Command), { minLength: 1, maxLength: 8 }),
    weathers: Arbitrary.array(Arbitrary.schema(Weather), { maxLength: 40 })
  },
  ({ commands, weathers }) => Effect.provide(run(commands, weathers), Layer.provideMerge(layer, TestClock.layer())),
  { arbitrary: { runs: Number(process.env["MODEL_RUNS"] ?? 1000) }, timeout: 600_000 }
)
