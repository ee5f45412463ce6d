/** The start of a program that uses this project's client: imports the layer by subpath and builds it. */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { printAtExit } from "./figures.ts"

printAtExit(() => ({}))
const layer = NodeAuthorizationService.layer({ token: Redacted.make("HRKU-01234567-89ab-cdef-0123-456789abcdef") })
await Effect.runPromise(Effect.scoped(Layer.build(layer)))
