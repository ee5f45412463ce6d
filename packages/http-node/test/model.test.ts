/**
 * Random operations over a network that drops, delays, duplicates and corrupts requests at random. In the end the account
 * agrees with the outcomes: what was reported as done is done once, what was reported as not done is not done, and only
 * what was reported as unknown may be either. The model counts what the network duplicated, and ignores what it corrupted.
 *
 * A failure prints the shortest sequence, and a token that replays it: `MODEL_REPLAY=TOKEN pnpm model`.
 */
import * as HttpAuthorizationService from "@effect-heroku/http-node/HttpAuthorizationService"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import { property, sequences } from "./fixtures/model.ts"

const { MODEL_REPLAY, MODEL_RUNS } = process.env

it.effect.prop(
  "the outcomes reported over a bad network are what happened, and no operation happened twice",
  sequences,
  property(({ client }) =>
    HttpAuthorizationService.make({ token: Redacted.make("any"), requestTimeout: "20 seconds" }).pipe(
      Effect.provideService(HttpClient.HttpClient, client)
    )
  ),
  { arbitrary: { runs: Number(MODEL_RUNS ?? 1000), replay: MODEL_REPLAY }, timeout: 3_600_000 }
)
