/**
 * What must and must not compile of the layers for tests: what they provide and need, and which seeds, faults and targets
 * are refused. Nothing here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off missingLayerContext:off
import type { Authorization } from "@effect-heroku/core/Authorization"
import type { RateLimited } from "@effect-heroku/core/AuthorizationError"
import type { AuthorizationService, Service } from "@effect-heroku/core/AuthorizationService"
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import type { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { expectTypeOf } from "vitest"

declare const authorization: Authorization
declare const rateLimited: RateLimited
declare const faults: FaultInjection.Service

// -----------------------------------------------------------------------------
// What the layers provide and need
// -----------------------------------------------------------------------------

expectTypeOf(MemoryAuthorizationService.make()).toEqualTypeOf<Effect.Effect<Service>>()
expectTypeOf(MemoryAuthorizationService.layer()).toEqualTypeOf<Layer.Layer<AuthorizationService | HerokuAccount>>()
expectTypeOf(FakeHeroku.layerHttpClient()).toEqualTypeOf<Layer.Layer<HttpClient.HttpClient | HerokuAccount>>()
expectTypeOf(FakeHeroku.layerServer()).toEqualTypeOf<Layer.Layer<HerokuAccount, never, HttpServer.HttpServer>>()
expectTypeOf(FaultInjection.layer).toEqualTypeOf<Layer.Layer<FaultInjection.FaultInjection>>()

// Faults are no requirement of the layers they strike: a program without them needs none.
expectTypeOf(MemoryAuthorizationService.layer().pipe(Layer.provideMerge(FaultInjection.layer))).toEqualTypeOf<
  Layer.Layer<AuthorizationService | HerokuAccount | FaultInjection.FaultInjection>
>()

// Any layer of the service has the contract, also one that can fail; one that needs something else has not.
AuthorizationContract.suite("memory", MemoryAuthorizationService.layer())
declare const failing: Layer.Layer<AuthorizationService, Error>
AuthorizationContract.suite("failing", failing)
declare const needing: Layer.Layer<AuthorizationService, never, HttpClient.HttpClient>
// @ts-expect-error
AuthorizationContract.suite("needing", needing)
// @ts-expect-error
AuthorizationContract.suite("another service", FaultInjection.layer)

// -----------------------------------------------------------------------------
// Seeds
// -----------------------------------------------------------------------------

MemoryAuthorizationService.layer({ seed: [{}, { id: "x", expiresIn: "1 hour" }, authorization], count: 3 })
// @ts-expect-error
MemoryAuthorizationService.layer({ seed: [{ expiresIn: "an hour" }] })
// @ts-expect-error
MemoryAuthorizationService.layer({ seeds: [] })
// @ts-expect-error the memory has no HTTP, and no latency
MemoryAuthorizationService.layer({ latency: "1 second" })
FakeHeroku.layerHttpClient({ latency: "1 second", token: "HRKU-right" })

// -----------------------------------------------------------------------------
// Faults
// -----------------------------------------------------------------------------

expectTypeOf(faults.inject(FaultInjection.status(503))).toEqualTypeOf<Effect.Effect<void>>()
expectTypeOf(faults.hold()).toEqualTypeOf<Effect.Effect<FaultInjection.Gate>>()
faults.inject(FaultInjection.failure(rateLimited), { operation: "list", every: 2, times: Infinity })
// @ts-expect-error
faults.inject(503)
// @ts-expect-error pages and streams are made of lists
faults.inject(FaultInjection.hang, { operation: "stream" })
// @ts-expect-error
faults.inject(FaultInjection.delay("a while"))
// @ts-expect-error
FaultInjection.failure(new Error("none of ours"))
