/**
 * Finds the authorizations that leaked tokens belong to, and prints their ids.
 *
 * The tokens come on standard input, one a line, and go nowhere: each listed token is compared on this machine. Arguments
 * and environment variables other people of the machine can read. Tokens that Heroku lists masked cannot be compared; how
 * many those are it says at the end.
 *
 * Run it with `npx -y pnpm@12 exec node examples/find.ts < FILE`; `audit.ts` says how it finds the account.
 */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Stdio from "effect/Stdio"
import { explained } from "./explain.ts"

// #region find
import type { Authorization } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

const tokensOf = ({ accessToken, refreshToken }: Authorization): ReadonlyArray<string> =>
  [...Option.toArray(accessToken), ...Option.toArray(refreshToken)].map(({ token }) => Redacted.value(token))

/** Prints the id of each authorization that has one of the tokens; gives how many have tokens that are masked. */
export const find = Effect.fn("find")(function*(leaked: ReadonlySet<string>) {
  const service = yield* AuthorizationService
  let compared = 0
  let masked = 0
  yield* service.pages().pipe(
    Stream.runForEach((page) =>
      Effect.gen(function*() {
        for (const authorization of page.items) {
          const tokens = tokensOf(authorization)
          if (tokens.some((token) => leaked.has(token))) yield* Console.log(authorization.id)
          if (tokens.some((token) => token.includes("*"))) masked++
          else compared++
        }
        yield* Console.error(`${compared} authorizations compared`)
      })
    )
  )
  return masked
})
// #endregion find

const readTokens = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* stdio.stdin.pipe(Stream.decodeText, Stream.splitLines, Stream.runCollect)
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== ""))
})

const command = Command.make("find", {}, () =>
  Effect.flatMap(readTokens, find).pipe(
    Effect.flatMap((masked) =>
      masked === 0 ? Effect.void : Console.error(`${masked} authorizations have masked tokens and were not compared`)
    ),
    Effect.provide(NodeAuthorizationService.layerConfig()),
    explained
  ))

if (import.meta.main) {
  Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
