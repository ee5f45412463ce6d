/**
 * Streams an account's OAuth authorizations page by page and prints a summary. By default it starts a sandbox of its own,
 * so that nothing needs to be set up; `--live` uses your Heroku account.
 *
 * Run it with `npx -y pnpm@12 demo`.
 */
import { AuthorizationService, ListRange } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
// By subpath, because the package root also loads vitest for the contract suite.
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { type Config, Console, DateTime, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpServer, type HttpServerError } from "effect/http"
import { createServer } from "node:http"
import { explained, run } from "./command.ts"
import * as Audit from "./demo/Audit.ts"

/** A sandbox on a free loopback port, and a client for it. */
const layerSandbox = Layer.unwrap(Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const baseUrl = HttpServer.formatAddress(address)
  yield* Console.log(`Sandbox with ${Audit.format(2500)} authorizations at ${baseUrl} (for your account, use --live)\n`)
  return NodeAuthorizationService.layer({ token: Redacted.make("sandbox"), baseUrl })
})).pipe(
  Layer.provide(FakeHeroku.layerServer({ count: 2500 })),
  Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 }))
)

const layerAccount = (
  live: boolean
): Layer.Layer<AuthorizationService.AuthorizationService, Config.ConfigError | HttpServerError.ServeError> =>
  live ? NodeAuthorizationService.layerConfig() : layerSandbox

const audit = Effect.fn("demo.audit")(function*(pageSize: number) {
  const service = yield* AuthorizationService.AuthorizationService
  const { audit, pages } = yield* service.pages({ pageSize }).pipe(
    Stream.runFoldEffect(() => ({ audit: Audit.empty, pages: 0 }), (total, page) =>
      Effect.gen(function*() {
        const audit = Audit.add(total.audit, page.items, yield* DateTime.now)
        const pages = total.pages + 1
        yield* Console.log(
          `page ${pages}: ${page.items.length} authorizations, ${Audit.format(audit.authorizations)} so far`
        )
        return { audit, pages }
      }))
  )
  const lines = Audit.toTable(audit, yield* DateTime.now)
  yield* Console.log(["", ...lines, ""].join("\n"))
  yield* Console.log(`streamed ${audit.authorizations} authorizations in ${pages} pages`)
})

const demo = Command.make(
  "demo",
  {
    live: Flag.Boolean("live").pipe(
      Flag.withDescription("Read your Heroku account, with the token in HEROKU_API_KEY or that of `heroku login`"),
      Flag.withDefault(false)
    ),
    pageSize: Flag.Int("page-size").pipe(
      Flag.withDescription("Authorizations per page, 1 to 1000, by default 250"),
      Flag.filter(Schema.is(ListRange.PageSize), () => "an integer from 1 to 1000"),
      Flag.withDefault(250)
    )
  },
  ({ live, pageSize }) => explained(Effect.provide(audit(pageSize), layerAccount(live)))
).pipe(Command.withDescription("Stream OAuth authorizations page by page and print a summary"))

// A closed pipe (`| head`) is a normal end of the program; another error, such as a full disk, is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1))

run(demo)
