/**
 * Finds the authorizations that leaked tokens belong to, and prints their ids.
 *
 * Reads the tokens from standard input, one a line, because other users of a machine can see the arguments of a program.
 * The tokens are compared locally and sent nowhere. Tokens that Heroku masks in lists cannot be compared; the last line
 * says how many there are.
 *
 * Run it with `npx -y pnpm@12 exec node examples/find.ts < FILE`; see `audit.ts` for the account it uses.
 */
import { type Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, Effect, Option, Redacted, Stdio, Stream } from "effect"
import { Command } from "effect/cli"
import { run, withAccount } from "./command.ts"

const tokensOf = ({ accessToken, refreshToken }: Authorization.Authorization): ReadonlyArray<string> =>
  [...Option.toArray(accessToken), ...Option.toArray(refreshToken)].map(({ token }) => Redacted.value(token))

/** Prints the id of each authorization with a leaked token, and returns how many authorizations have masked tokens. */
const find = Effect.fn("find")(function*(leaked: ReadonlySet<string>) {
  const service = yield* AuthorizationService.AuthorizationService
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
        yield* Console.error(`compared ${compared} authorizations`)
      })
    )
  )
  return masked
})

const readTokens = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* stdio.stdin.pipe(Stream.decodeText, Stream.splitLines, Stream.runCollect)
  return new Set(lines.map((line) => line.trim()).filter((line) => line !== ""))
})

const command = Command.make("find", {}, () =>
  Effect.flatMap(readTokens, find).pipe(
    Effect.flatMap((masked) =>
      masked === 0
        ? Effect.void
        : Console.error(`could not compare ${masked} authorizations: Heroku masks their tokens in lists`)
    ),
    withAccount
  ))

if (import.meta.main) run(command)
