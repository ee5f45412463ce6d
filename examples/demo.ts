/**
 * Streams an account's OAuth authorizations page by page through the live layer and shows what a person wants to know of
 * them. By default the account is in a sandbox that the demo starts itself, so nothing needs to be set up.
 */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { PageSize } from "@effect-heroku/core/ListRange"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import * as Audit from "./demo/Audit.ts"
import { explained } from "./explain.ts"

/** An account with authorizations to show, behind a real socket of this machine. */
const layerSandbox = Layer.unwrap(Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const baseUrl = HttpServer.formatAddress(address)
  yield* Console.log(`A sandbox with ${Audit.number(2500)} authorizations at ${baseUrl} (your own account: --live)\n`)
  return NodeAuthorizationService.layer({ token: Redacted.make("sandbox"), baseUrl })
})).pipe(
  Layer.provide(FakeHeroku.layerServer({ count: 2500 })),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

const audit = Effect.fn("demo.audit")(function*(pageSize: number) {
  const service = yield* AuthorizationService
  const { audit, pages } = yield* service.pages({ pageSize }).pipe(
    Stream.runFoldEffect(() => ({ audit: Audit.empty, pages: 0 }), (total, page) =>
      Effect.gen(function*() {
        const audit = Audit.add(total.audit, page.items, yield* DateTime.now)
        const pages = total.pages + 1
        yield* Console.log(
          `page ${pages}: ${page.items.length} authorizations, ${Audit.number(audit.authorizations)} so far`
        )
        return { audit, pages }
      }))
  )
  const lines = Audit.format(audit, yield* DateTime.now)
  yield* Console.log(["", ...lines, ""].join("\n"))
  yield* Console.log(`streamed ${audit.authorizations} authorizations in ${pages} pages`)
})

const demo = Command.make(
  "demo",
  {
    live: Flag.Boolean("live").pipe(
      Flag.withDescription("Use your Heroku account: the token in HEROKU_API_KEY, else in ~/.netrc. It is only read"),
      Flag.withDefault(false)
    ),
    pageSize: Flag.Int("page-size").pipe(
      Flag.withDescription("Authorizations a page, 1 to 1000, by default 250"),
      Flag.filter(Schema.is(PageSize), () => "a whole number from 1 to 1000"),
      Flag.withDefault(250)
    )
  },
  ({ live, pageSize }) => explained(Effect.provide(audit(pageSize), layerAccount(live)))
).pipe(Command.withDescription("Stream OAuth authorizations page by page and show what is worth knowing of them"))

const layerAccount = (
  live: boolean
): Layer.Layer<AuthorizationService, Config.ConfigError | HttpServerError.ServeError> =>
  live ? NodeAuthorizationService.layerConfig() : layerSandbox

// Whoever reads the output may leave (`| head`): there is nobody to tell. A full disk is an error.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1))

Command.run(demo, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
