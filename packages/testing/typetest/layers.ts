/**
 * What must compile with the layers for tests, and what must not: what they provide and require, seeds, faults and targets.
 * Nothing here runs: `pnpm check` compiles it.
 */
// @effect-diagnostics floatingEffect:off missingLayerContext:off
import type { Authorization } from "@effect-heroku/core/Authorization"
import type { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as FaultInjection from "@effect-heroku/testing/FaultInjection"
import type { HerokuAccount } from "@effect-heroku/testing/HerokuAccount"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { expectTypeOf } from "vitest"

declare const authorization: Authorization
declare const faults: FaultInjection.Service

// -----------------------------------------------------------------------------
// What the layers provide and require
// -----------------------------------------------------------------------------

expectTypeOf(MemoryAuthorizationService.layer()).toEqualTypeOf<Layer.Layer<AuthorizationService | HerokuAccount>>()
expectTypeOf(FakeHeroku.layerHttpClient()).toEqualTypeOf<Layer.Layer<HttpClient.HttpClient | HerokuAccount>>()
expectTypeOf(FakeHeroku.layerServer()).toEqualTypeOf<Layer.Layer<HerokuAccount, never, HttpServer.HttpServer>>()

// Faults are provided only by the layers whose calls obey them.
expectTypeOf(MemoryAuthorizationService.layerWithFaults()).toEqualTypeOf<
  Layer.Layer<AuthorizationService | HerokuAccount | FaultInjection.FaultInjection>
>()
expectTypeOf(FakeHeroku.layerHttpClientWithFaults()).toEqualTypeOf<
  Layer.Layer<HttpClient.HttpClient | HerokuAccount | FaultInjection.FaultInjection>
>()
expectTypeOf(FakeHeroku.layerServerWithFaults()).toEqualTypeOf<
  Layer.Layer<HerokuAccount | FaultInjection.FaultInjection, never, HttpServer.HttpServer>
>()
declare const injecting: Effect.Effect<void, never, FaultInjection.FaultInjection>
const withoutFaults = Layer.merge(MemoryAuthorizationService.layer(), FakeHeroku.layerHttpClient())
expectTypeOf(Effect.provide(injecting, withoutFaults)).toEqualTypeOf<
  Effect.Effect<void, never, FaultInjection.FaultInjection>
>()
expectTypeOf(Effect.provide(injecting, MemoryAuthorizationService.layerWithFaults())).toEqualTypeOf<
  Effect.Effect<void>
>()

// The contract accepts any layer of the service, also one that can fail, and none that requires something else.
AuthorizationContract.suite("memory", MemoryAuthorizationService.layer())
declare const failing: Layer.Layer<AuthorizationService, Error>
AuthorizationContract.suite("failing", failing)
declare const requiring: Layer.Layer<AuthorizationService, never, HttpClient.HttpClient>
// @ts-expect-error
AuthorizationContract.suite("requiring", requiring)
// @ts-expect-error
AuthorizationContract.suite("another service", FakeHeroku.layerHttpClient())

// -----------------------------------------------------------------------------
// Seeds
// -----------------------------------------------------------------------------

MemoryAuthorizationService.layer({ seed: [{}, { id: "x", expiresIn: "1 hour" }, authorization], count: 3 })
// @ts-expect-error
MemoryAuthorizationService.layer({ seed: [{ expiresIn: "an hour" }] })
// @ts-expect-error
MemoryAuthorizationService.layer({ seed: [{ descripton: "misspelled" }] })
// @ts-expect-error
MemoryAuthorizationService.layer({ seed: [{ client: { idd: "misspelled" } }] })
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
faults.inject(FaultInjection.status(429), { operation: "list", every: 2, times: Infinity })
// @ts-expect-error
faults.inject(503)
// @ts-expect-error pages and streams are made of lists
faults.inject(FaultInjection.hang, { operation: "stream" })
// @ts-expect-error
faults.inject(FaultInjection.delay("a while"))
