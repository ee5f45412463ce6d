/**
 * Random programs of rotations that crash, lose responses and meet each other, and of users that delete and rename
 * successors. The token that the consumer holds works at every moment, and one undisturbed run completes the rotation.
 *
 * A failure prints the shortest program, and a token that replays it: `MODEL_REPLAY=TOKEN`.
 */
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as Rotation from "@effect-heroku/core/Rotation"
import { runs } from "@effect-heroku/test-kit/runs"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { a, findLive } from "../fixtures/rotation.ts"
import { Choice, FairRunSpec, makeWorld, RunSpec } from "../fixtures/rotationWorld.ts"

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 }))

const Choices = Schema.Array(Choice).check(Schema.isMaxLength(12))

const Step = Schema.TaggedUnion({
  Runs: {
    runs: Schema.Array(RunSpec).check(Schema.isMinLength(1), Schema.isMaxLength(3)),
    choices: Choices,
    /** Whether the runs that have not ended after these choices continue in a later step. */
    pauses: Schema.Boolean
  },
  Person: { action: Schema.Literals(["delete", "rename", "delete old"]), index: Index },
  /** Leaves a successor of a run that crashed before it delivered. */
  Stray: {},
  Pause: { hours: Schema.Literals([0, 2]), removesLeftovers: Schema.Boolean }
})

/** Two runs without faults that meet. */
const Meeting = Schema.Struct({
  ...Step.cases.Runs.fields,
  _tag: Schema.tag("Runs"),
  runs: Schema.Tuple([FairRunSpec, FairRunSpec]),
  choices: Choices.check(Schema.isMinLength(3)),
  pauses: Schema.Literal(false)
})

const Steps = Schema.Union([
  Schema.Tuple([Meeting]),
  Schema.Tuple([Step, Meeting]),
  Schema.Array(Step).check(Schema.isMinLength(1), Schema.isMaxLength(6))
])

const Settings = Schema.Struct({
  hasCurrent: Schema.Boolean,
  clearTokens: Schema.Boolean,
  expiresIn: Schema.UndefinedOr(Schema.Literal("365 days")),
  endsWithRegenerate: Schema.Boolean
})

const undisturbed = { overlap: false, verify: true, faults: [] } as const

// The protocol does not protect a replacement from two runs that regenerate at once: docs/rotating-tokens.md says so.
const isUnprotected = (kinds: ReadonlyArray<string>) => {
  const regenerating = kinds.filter((kind) => kind === "regenerate").length
  return regenerating > 1 && regenerating < kinds.length
}

const run = Effect.fnUntraced(function*(steps: ReadonlyArray<typeof Step.Type>, settings: typeof Settings.Type) {
  const world = yield* makeWorld(a, settings.hasCurrent)
  const { account, takeTurns } = world
  const service = yield* AuthorizationService.AuthorizationService
  const renamed = new Set<string>()
  const finish = takeTurns([])
  let hasOldRun = false

  const successors = Effect.gen(function*() {
    return (yield* Rotation.leftovers()).map(({ authorization }) => authorization)
  })

  for (const step of steps) {
    switch (step._tag) {
      case "Runs": {
        if (isUnprotected([...world.kinds(), ...step.runs.map(({ kind }) => kind)])) yield* finish
        const replaces = isUnprotected(step.runs.map(({ kind }) => kind))
        for (const spec of step.runs) yield* world.start(replaces ? { ...spec, kind: "replace" } : spec)
        yield* takeTurns(step.choices, step.pauses)
        break
      }
      case "Stray":
        world.disturb()
        yield* service.create({ description: `key a [replaces ${a}]`, scope: ["read", "write"] })
        break
      case "Person": {
        // No run can protect itself from a user who deletes its successor, or hides that from another run that regenerates.
        if (step.action === "delete" || world.kinds().includes("regenerate")) yield* finish
        if (step.action === "delete old") {
          const held = yield* findLive(world.held())
          if (held === undefined || held.id === a) {
            // No run can help the consumer any more. Cleanup must still keep what it may need.
            if (world.kinds().length > 0 || (yield* successors).length === 0) break
            world.breakHeld()
          }
          yield* Effect.catchTag(service.delete(a), "NotFound", () => Effect.void)
          break
        }
        const all = yield* successors
        const one = all[step.index % all.length]
        if (one === undefined) break
        world.disturb()
        if (step.action === "rename") {
          renamed.add(one.id)
          yield* service.update(one.id, { description: "renamed" })
          break
        }
        const isHeld = (yield* findLive(world.held()))?.id === one.id
        const old = yield* account.get(a)
        // No run can know that the consumer needs another token if a person revokes the one that it uses and the old
        // authorization is gone, or two runs met and it names the other successor.
        if (
          isHeld && !Option.exists(old, ({ description }) => all.length === 1 || Option.contains(description, "key a"))
        ) return
        if (isHeld) world.breakHeld()
        yield* service.delete(one.id)
        break
      }
      case "Pause":
        hasOldRun = world.kinds().length > 0 && (hasOldRun || step.hours > 0)
        yield* TestClock.adjust(Duration.hours(step.hours))
        if (step.removesLeftovers) {
          // A run takes less time than `minAge`.
          if (hasOldRun) yield* finish
          const held = yield* findLive(world.held())
          const removed = yield* Effect.provideService(Rotation.removeLeftovers(), Rotation.Delivery, world.delivery)
          const isSafe = settings.hasCurrent && held !== undefined && Option.isNone(yield* account.get(a))
          assert.isTrue(
            isSafe || removed.length === 0,
            `removed a leftover that can be in use\n${world.log.join("\n")}`
          )
          yield* world.checkHeld
        }
    }
  }

  const isRegenerating = Effect.map(
    account.get(a),
    Option.exists(({ description }) => Option.contains(description, "key a [regenerating]"))
  )
  const runUndisturbed = (kind: "replace" | "regenerate") =>
    Effect.andThen(world.start({ kind, ...undisturbed }), finish)
  const regenerate = runUndisturbed("regenerate")
  yield* finish
  world.log.push("undisturbed")
  if (yield* isRegenerating) yield* regenerate
  if (yield* isRegenerating) {
    // A successor exists. The user does what the conflict says.
    const ids = (yield* successors).map(({ id }) => id)
    const held = yield* findLive(world.held())
    if (held !== undefined && ids.includes(held.id)) {
      yield* service.delete(a)
    } else {
      yield* Effect.provideService(Rotation.removeLeftovers({ ids }), Rotation.Delivery, world.delivery)
      yield* regenerate
    }
  }
  if (settings.endsWithRegenerate) {
    yield* regenerate
    assert.isFalse(yield* isRegenerating, world.log.join("\n"))
  }
  const before = yield* successors
  const heldBefore = yield* findLive(world.held())
  const isOldGone = Option.isNone(yield* account.get(a))
  yield* runUndisturbed("replace")
  // With a third run, or without `current`, a run can adopt the successor of another one that has not delivered yet.
  const runCount = steps.reduce((sum, step) => sum + (step._tag === "Runs" ? step.runs.length : 0), 0)
  if (runCount <= 2 && settings.hasCurrent) world.checkReplacements()

  const print = world.log.join("\n")
  assert.isTrue(Option.isNone(yield* account.get(a)), `the old authorization still exists\n${print}`)
  assert.isTrue(world.isBroken() || (yield* world.isHeldLive), `the token of the consumer is dead\n${print}`)
  const outcome = world.lastOutcome()
  const last = outcome?._tag === "replaced" ? outcome.successor : undefined
  if (isOldGone && settings.hasCurrent && heldBefore !== undefined) {
    const expected = before.some(({ id }) => id === heldBefore.id) ? heldBefore.id : undefined
    assert.strictEqual(outcome?._tag, expected === undefined ? "gone" : "replaced", print)
    assert.strictEqual(last, expected, `completed a successor that the consumer does not use\n${print}`)
  } else if (isOldGone && !settings.hasCurrent) {
    assert.strictEqual(last, before.length === 1 ? before[0]!.id : undefined, `completed any of several\n${print}`)
  }
  if (last !== undefined) {
    const completed = Option.getOrThrow(yield* account.get(last))
    assert.isTrue(
      renamed.has(last) || Option.contains(completed.description, "key a"),
      `the completed successor has a mark\n${print}`
    )
  }
  const listed = new Set((yield* successors).map(({ id }) => id))
  for (const one of yield* account.authorizations) {
    assert.deepStrictEqual(one.scope, ["read", "write"])
    const isHeld = (yield* findLive(world.held()))?.id === one.id
    const isKnown = isHeld || listed.has(one.id) || renamed.has(one.id) || world.named.has(one.id)
    // With `current`, the shortest program that leaves an unknown successor: a run creates one. A second run begins, and
    // delivers its own. The first run delivers, and stops. The second one completes its own, and stops before it reports that.
    assert.isTrue(isKnown || world.isUnreported(one.id), `${one.id} is not known\n${print}`)
  }
})

const { CI, MODEL_REPLAY } = process.env

it.effect.prop(
  "the token that a consumer holds works at every moment, and one undisturbed run completes a rotation",
  {
    steps: Steps,
    settings: Settings
  },
  ({ settings, steps }) =>
    run(steps, settings).pipe(Effect.provide(Layer.merge(
      MemoryAuthorizationService.layerWithFaults({
        seed: [{ id: a, description: "key a", scope: ["read", "write"], expiresIn: settings.expiresIn }],
        clearTokens: settings.clearTokens
      }),
      TestClock.layer()
    ))),
  { arbitrary: { runs: runs(CI === "true" ? 2000 : 300), replay: MODEL_REPLAY }, timeout: 600_000 }
)
