/** A network between a client and the fake Heroku API that drops, delays, duplicates and corrupts what it carries. */
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

/** The treatment of one request by the network. */
export const Weather = Schema.Union([
  // Most requests pass.
  Schema.Literals(["fair", "fair", "fair", "fair"]),
  Schema.Literals([
    "connection refused",
    "reset before",
    "reset after",
    "503 before",
    "503 after",
    "429",
    "cut",
    "garbled",
    "hang before",
    "hang after",
    // Both longer than the client waits: Heroku acts in time and responds late, or does both late.
    "responds late",
    "acts late",
    // Heroku gets the request twice, and the client one of the responses.
    "duplicated, first response",
    "duplicated, last response"
  ]),
  // One character of the body or of Next-Range becomes another.
  Schema.Struct({
    corrupted: Schema.Literals(["body", "next-range"]),
    at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })),
    by: Schema.Literals(["0", "f", "z", "]", "}", "\"", ",", ".", ";", " ", "é"])
  })
])
export type Weather = typeof Weather.Type

const before = { afterActing: false }
const after = { afterActing: true }

/** The fault of the fake Heroku API that stands for a weather. */
const faultOf = {
  "connection refused": [FaultInjection.connectionRefused, before],
  "reset before": [FaultInjection.connectionReset, before],
  "reset after": [FaultInjection.connectionReset, after],
  "503 before": [FaultInjection.status(503), before],
  "503 after": [FaultInjection.status(503), after],
  "429": [FaultInjection.status(429), before],
  cut: [FaultInjection.cutBody, before],
  garbled: [FaultInjection.garbled, before],
  "hang before": [FaultInjection.hang, before],
  "hang after": [FaultInjection.hang, after],
  "responds late": [FaultInjection.delay("25 seconds"), after]
} as const

/** The changes to the requests of one call that the client cannot detect. */
interface Tampering {
  readonly duplicated: boolean
  readonly corruptedBody: boolean
}

export interface BadNetwork {
  readonly client: HttpClient.HttpClient
  /** The number of the current call, which changes when a call ends. */
  readonly currentCall: () => number
  /**
   * Runs a call while time passes, and then until every request in flight has arrived: no client could do anything about
   * a request that overtakes those of later calls.
   */
  readonly settle: <A, E>(call: Effect.Effect<A, E>) => Effect.Effect<readonly [A, Tampering], E>
}

/** Makes a network to the fake Heroku API with this weather for one request after the other, and fair weather then. */
export const make = Effect.fnUntraced(
  function*(
    weathers: ReadonlyArray<Weather>,
    pause: Effect.Effect<void> = Effect.void
  ): Effect.fn.Return<BadNetwork, never, FaultInjection.FaultInjection | HttpClient.HttpClient | Scope.Scope> {
    const fakeHeroku = yield* HttpClient.HttpClient
    const faults = yield* FaultInjection.FaultInjection
    const scope = yield* Effect.scope
    const remaining = weathers.slice()
    let tampering: Tampering = { duplicated: false, corruptedBody: false }
    let currentCall = 0
    let inFlight: Array<Fiber.Fiber<unknown, unknown>> = []

    const client = HttpClient.make((request) => {
      const carry = fakeHeroku.execute(request)
      /** Continues after the client has given up. */
      const detached = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.flatMap(Effect.forkIn(effect, scope), (fiber) => {
          inFlight.push(fiber)
          return Fiber.join(fiber)
        })

      const weather = remaining.shift() ?? "fair"
      if (typeof weather === "object") {
        if (weather.corrupted === "body") tampering = { ...tampering, corruptedBody: true }
        return Effect.flatMap(carry, (response) => corrupt(response, weather))
      }
      switch (weather) {
        case "fair":
          return carry
        case "acts late":
          return detached(Effect.andThen(Effect.sleep("25 seconds"), carry))
        case "duplicated, first response":
        case "duplicated, last response":
          tampering = { ...tampering, duplicated: true }
          return weather === "duplicated, first response" ? Effect.tap(carry, carry) : Effect.andThen(carry, carry)
        default: {
          const [fault, target] = faultOf[weather]
          return Effect.andThen(faults.inject(fault, target), carry)
        }
      }
    })

    const settle = Effect.fnUntraced(function*<A, E>(call: Effect.Effect<A, E>) {
      tampering = { duplicated: false, corruptedBody: false }
      inFlight = []
      const fiber = yield* Effect.forkChild(call)
      while (fiber.pollUnsafe() === undefined) {
        yield* pause
        yield* TestClock.adjust("1 minute")
      }
      currentCall++
      yield* TestClock.adjust("1 minute")
      yield* Fiber.awaitAll(inFlight)
      return [yield* Fiber.join(fiber), tampering] as const
    })

    return { client, currentCall: () => currentCall, settle }
  }
)

const corrupt = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  { at, by, corrupted }: Exclude<Weather, string>
) {
  const body = yield* response.text
  const headers = { ...response.headers }
  const change = (text: string) => {
    const index = Math.floor(text.length * at / 1000)
    return text.slice(0, index) + by + text.slice(index + 1)
  }
  const nextRange = headers["next-range"]
  if (corrupted === "next-range" && nextRange !== undefined) headers["next-range"] = change(nextRange)
  const changed = new Response(corrupted === "body" && body !== "" ? change(body) : body, {
    status: response.status,
    headers
  })
  return HttpClientResponse.fromWeb(response.request, changed)
})
