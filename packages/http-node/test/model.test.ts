/**
 * Random operations over a network that drops, delays, duplicates and corrupts requests at random. In the end the account
 * agrees with the outcomes: what was reported as done is done once, what was reported as not done is not done, and only
 * what was reported as unknown may be either. The model counts what the network duplicated, and ignores what it corrupted.
 *
 * A failure prints the shortest sequence, and a token that replays it: `MODEL_REPLAY=TOKEN pnpm model`.
 */
import type { AuthorizationId } from "@effect-heroku/core/Authorization"
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import * as BadNetwork from "@effect-heroku/test-kit/badNetwork"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import { assert, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

const Command = Schema.TaggedUnion({
  Create: {},
  Info: { index: Index },
  Update: { index: Index },
  Regenerate: { index: Index },
  Delete: { index: Index },
  Stream: { concurrency: Schema.Literals([1, 3]) }
})

/** Whether an error says that the operation was not done. An error status of the server does not say it. */
const isCertain = (error: AuthorizationError): boolean => {
  switch (error._tag) {
    case "UnexpectedStatus":
    case "InvalidResponse":
      return false
    default:
      return !error.outcomeUnknown
  }
}

/** The states that an authorization may have, given the outcomes reported so far. */
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
  function*(commands: ReadonlyArray<typeof Command.Type>, weathers: ReadonlyArray<BadNetwork.Weather>) {
    const account = yield* HerokuAccount
    const network = yield* BadNetwork.make(weathers)
    const service = yield* HttpAuthorizationService.make({ token: Redacted.make("any"), requestTimeout: "20 seconds" })
      .pipe(Effect.provideService(HttpClient.HttpClient, network.client))
    const settle = <A>(call: Effect.Effect<A, AuthorizationError>) => network.settle(Effect.result(call))

    const known = new Map<AuthorizationId, Known>()
    for (const one of yield* account.authorizations) {
      known.set(one.id, {
        exists: yes,
        descriptions: new Set(Option.toArray(one.description)),
        tokens: new Set([tokenOf(one)])
      })
    }
    /** How many authorizations a create may have made without reporting them, by the description that only it used. */
    const unreported = new Map<string, number>()

    for (const [step, command] of commands.entries()) {
      const id = "index" in command ? [...known.keys()][command.index % known.size]! : undefined
      const before = id === undefined ? undefined : known.get(id)!
      const learn = (news: Partial<Known>) => known.set(id!, { ...before!, ...news })
      /** Only an authorization that may be gone can be reported as not found. */
      const learnGone = () => {
        assert.isTrue(before!.exists.has(false), `${id} was there`)
        learn({ exists: no })
      }
      switch (command._tag) {
        case "Create": {
          const description = `created in step ${step}`
          const [outcome, { corruptedBody, duplicated }] = yield* settle(
            service.create({ scope: ["read"], description })
          )
          const believed = Result.isSuccess(outcome) && !corruptedBody
          const mayHaveCreated = !believed && !(Result.isFailure(outcome) && isCertain(outcome.failure))
          unreported.set(description, (mayHaveCreated ? 1 : 0) + (duplicated ? 1 : 0))
          if (believed) {
            known.set(outcome.success.id, {
              exists: yes,
              descriptions: new Set([description]),
              tokens: new Set([tokenOf(outcome.success)])
            })
          }
          break
        }
        case "Info": {
          const [outcome, { corruptedBody }] = yield* settle(service.info(id!))
          if (Result.isFailure(outcome)) {
            if (outcome.failure._tag === "NotFound") learnGone()
          } else if (!corruptedBody) {
            const description = Option.getOrThrow(outcome.success.description)
            const token = tokenOf(outcome.success)
            assert.isTrue(before!.exists.has(true), `${id} was gone`)
            assert.isTrue(before!.descriptions.has(description), `the description of ${id}`)
            assert.isTrue(before!.tokens === "any" || before!.tokens.has(token), `the token of ${id}`)
            learn({ exists: yes, descriptions: new Set([description]), tokens: new Set([token]) })
          }
          break
        }
        case "Update": {
          const description = `changed in step ${step}`
          const [outcome] = yield* settle(service.update(id!, { description }))
          if (Result.isSuccess(outcome)) learn({ exists: yes, descriptions: new Set([description]) })
          else if (outcome.failure._tag === "NotFound") learnGone()
          else if (!isCertain(outcome.failure)) learn({ descriptions: new Set([...before!.descriptions, description]) })
          break
        }
        case "Regenerate": {
          const [outcome, { corruptedBody, duplicated }] = yield* settle(service.regenerate(id!))
          if (Result.isSuccess(outcome)) {
            // Of two responses the client may have received the first.
            learn({ exists: yes, tokens: corruptedBody || duplicated ? "any" : new Set([tokenOf(outcome.success)]) })
          } else if (outcome.failure._tag === "NotFound") learnGone()
          else if (!isCertain(outcome.failure)) learn({ tokens: "any" })
          break
        }
        case "Delete": {
          const [outcome, { duplicated }] = yield* settle(service.delete(id!))
          if (Result.isSuccess(outcome)) {
            assert.isTrue(before!.exists.has(true), `${id} was deleted twice`)
            learn({ exists: no })
          } else if (outcome.failure._tag === "NotFound") {
            // An authorization that certainly existed can only have been deleted by this call.
            if (before!.exists === yes) assert.isTrue(outcome.failure.outcomeUnknown || duplicated)
            learn({ exists: no })
          } else if (!isCertain(outcome.failure) && before!.exists.has(true)) {
            learn({ exists: either })
          }
          break
        }
        case "Stream": {
          const { concurrency } = command
          const [outcome, { corruptedBody }] = yield* settle(
            Stream.runCollect(service.stream({ pageSize: 2, concurrency }))
          )
          if (Result.isSuccess(outcome) && !corruptedBody) {
            const existing = (yield* account.authorizations).map((one) => one.id)
            assert.deepStrictEqual(outcome.success.map((one) => one.id), existing)
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
    for (const { description } of unknown) assert.isTrue(unreported.has(Option.getOrThrow(description)))
    for (const [description, most] of unreported) {
      const created = unknown.filter((one) => Option.contains(one.description, description))
      assert.isAtMost(created.length, most, `unreported authorizations ${description}`)
    }
  }
)

const layer = Layer.merge(
  FakeHeroku.layerHttpClientWithFaults({ seed: [{}, {}, {}], clearTokens: true }),
  TestClock.layer()
)

const { MODEL_REPLAY, MODEL_RUNS } = process.env

it.effect.prop(
  "the outcomes reported over a bad network are what happened, and no operation happened twice",
  {
    commands: Arbitrary.array(Arbitrary.schema(Command), { minLength: 1, maxLength: 8 }),
    weathers: Arbitrary.array(Arbitrary.schema(BadNetwork.Weather), { maxLength: 40 })
  },
  ({ commands, weathers }) =>
    // Retry delays are random, and must be the same in a replay.
    Effect.provide(Effect.scoped(run(commands, weathers)), layer).pipe(Random.withSeed("model")),
  { arbitrary: { runs: Number(MODEL_RUNS ?? 1000), replay: MODEL_REPLAY }, timeout: 3_600_000 }
)
