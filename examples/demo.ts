/**
 * Streams an account's OAuth authorizations page by page and prints a summary. By default it starts a sandbox of its own,
 * so that nothing needs to be set up; `--live` uses your Heroku account.
 *
 * Run it with `npx -y pnpm@12 demo`.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { NodeAuthorizationService } from "@effect-heroku/http-node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, DateTime, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { layerSandbox } from "./demo/sandbox.ts"

const streamPages = Effect.gen(function*() {
  const service = yield* AuthorizationService.AuthorizationService
  const now = yield* DateTime.now
  let pages = 0
  const counts = { Authorizations: 0, Expired: 0, "Never expiring": 0, "With global scope": 0 }
  yield* service.pages({ pageSize: 250 }).pipe(Stream.runForEach(({ items }) => {
    pages += 1
    counts.Authorizations += items.length
    counts.Expired += items.filter((item) => Authorization.isExpired(item, now)).length
    counts["Never expiring"] += items.filter(Authorization.neverExpires).length
    counts["With global scope"] += items.filter(Authorization.hasGlobalScope).length
    return Console.log(`page ${pages}: ${items.length} authorizations, ${counts.Authorizations} so far`)
  }))
  yield* Console.table(counts)
  yield* Console.log(`streamed ${counts.Authorizations} authorizations in ${pages} pages`)
})

const live = Flag.Boolean("live").pipe(Flag.withDefault(false), Flag.withDescription("Read your Heroku account"))
const demo = Command.make("demo", { live }, ({ live }) =>
  Effect.gen(function*() {
    if (live) yield* Effect.provide(streamPages, NodeAuthorizationService.layerConfig())
    else yield* Effect.provide(streamPages, layerSandbox)
  }).pipe(Effect.tapError(({ message }) => Console.error(message))))

// A closed pipe (`| head`) is a normal end of the program; another error, such as a full disk, is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1))

Command.run(demo, { version: "0.0.0" }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
