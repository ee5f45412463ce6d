/**
 * The behaviour that every implementation of `AuthorizationService` must have, as a test suite for your own layer.
 *
 * It tests only what is visible through the service, and not how a request looks on the wire. It uses the real clock, so
 * that a layer can wait for a server in another process, or before a retry.
 */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { byId } from "./internal/contract/byId.ts"
import { create } from "./internal/contract/create.ts"
import { list } from "./internal/contract/list.ts"
import { secrets } from "./internal/contract/secrets.ts"
import { team } from "./internal/contract/team.ts"
import { type Client, run, type Test } from "./internal/contract/test.ts"
import { update } from "./internal/contract/update.ts"

/** The options of the suite. */
export interface Options {
  /** How long each test may take. By default the test runner's timeout; a remote server needs more. */
  readonly timeout?: Duration.Input | undefined
  /** An existing OAuth client and its secret. Without it the suite skips `create` and `update` for a client. */
  readonly client?: Client | undefined
  /** The name or id of a team whose authorizations the account may manage. Without it the suite skips those of a team. */
  readonly team?: string | undefined
}

/**
 * Declares a test suite. Each test builds `layer` anew. The account may have authorizations: the tests do not change them,
 * and delete those that they create.
 *
 * **Gotchas**
 *
 * No other program may change the account while the suite runs. One of the tests creates 201 authorizations, ten at a time. All
 * tests together send about a thousand requests.
 *
 * **Example**
 *
 * ```ts
 * AuthorizationContract.suite("a service that logs deletions", layer)
 * ```
 */
export const suite = (name: string, layer: Layer.Layer<AuthorizationService, unknown>, options?: Options): void => {
  const timeout = options?.timeout === undefined
    ? undefined
    : Duration.toMillis(Duration.fromInputUnsafe(options.timeout))
  const test: Test = (title, body) =>
    it.live(title, () => Effect.provide(AuthorizationService.use((service) => run(service, body)), layer), timeout)

  // oxlint-disable-next-line vitest/valid-title -- the caller names the suite
  describe(name, () => {
    create(test, options?.client)
    update(test, options?.client)
    byId(test)
    list(test)
    team(test, options?.team)
    secrets(test)
  })
}
