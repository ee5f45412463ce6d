/** Serves an imitation of Heroku's API on this machine until it is interrupted: `pnpm sandbox --port 4567`. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { createServer, type Server } from "node:http"

const host = "127.0.0.1"

/** Has been reported in one line; all that is left of it is the exit code. */
class CannotListen extends Data.TaggedError("CannotListen") {
  override readonly [Runtime.errorReported] = false
}

const wholeNumber = (name: string, limits: { readonly from: number; readonly to?: number }) =>
  Flag.Int(name).pipe(Flag.filter(
    (number) => number >= limits.from && number <= (limits.to ?? Number.MAX_SAFE_INTEGER),
    () => `a whole number, ${limits.from} ${limits.to === undefined ? "or more" : `to ${limits.to}`}`
  ))

const flags = {
  port: wholeNumber("port", { from: 0, to: 65_535 }).pipe(
    Flag.withDefault(0),
    Flag.withDescription("The port to listen on; 0, the default, takes a free one")
  ),
  count: wholeNumber("count", { from: 0, to: 1_000_000 }).pipe(
    Flag.withDefault(450),
    Flag.withDescription("How many authorizations there are from the start, by default 450")
  ),
  latency: wholeNumber("latency", { from: 0 }).pipe(
    Flag.withDefault(0),
    Flag.withDescription("How many milliseconds every answer takes, by default 0")
  ),
  token: Flag.Redacted("token").pipe(
    Flag.optional,
    Flag.withDescription("The account's token; without it any bearer or basic token is accepted")
  ),
  seed: Flag.String("seed").pipe(
    Flag.optional,
    Flag.withDescription("Determines the made-up authorizations; the same in every run by default")
  ),
  rateLimit: wholeNumber("rate-limit", { from: 1 }).pipe(
    Flag.withDefault(4500),
    Flag.withDescription("How many requests the account may make at once; an hour refills them. By default 4500")
  )
}

/** Node's layer waits for clients that keep their connections open; this leaves it none to wait for. */
const stop = (server: Server) =>
  Effect.sync(() => {
    server.close()
    server.closeAllConnections()
  })

const sandbox = Command.make(
  "sandbox",
  flags,
  ({ count, latency, port, rateLimit, seed, token }) =>
    Effect.suspend(() => {
      const server = createServer()
      return Effect.gen(function*() {
        const { address } = yield* HttpServer.HttpServer
        yield* Console.log(`Heroku sandbox with ${count} authorizations at ${HttpServer.formatAddress(address)}`)
        return yield* Effect.never
      }).pipe(
        Effect.ensuring(stop(server)),
        Effect.provide(
          FakeHeroku.layerServer({
            count,
            latency: Duration.millis(latency),
            rateLimit,
            token: Option.getOrUndefined(token),
            randomSeed: Option.getOrUndefined(seed)
          }).pipe(Layer.provideMerge(NodeHttpServer.layer(() => server, { host, port })))
        )
      )
    }).pipe(
      Effect.catchTag("ServeError", ({ cause }) =>
        Effect.andThen(
          Console.error(`Cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`),
          Effect.fail(new CannotListen())
        ))
    )
).pipe(Command.withDescription("Serves an imitation of Heroku's API for OAuth authorizations until it is interrupted"))

sandbox.pipe(
  Command.run({ version: "0.0.0" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
