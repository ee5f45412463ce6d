/**
 * Finds the authorizations that leaked tokens belong to, and prints their ids.
 *
 * Reads the tokens from standard input, one a line, because other users of a machine can see the arguments of a program.
 * The tokens are compared locally and sent nowhere. Lists contain masked tokens: an id after `masked:` belongs to a token
 * of which everything that shows is equal, so check its description before you revoke it. Exits with 1 when nothing is found.
 *
 * Run it with `npx -y pnpm@12 exec node examples/find.ts < FILE`; see `audit.ts` for the account it uses.
 */
import { Authorization, AuthorizationService } from "@effect-heroku/core"
import { Console, Effect, Option, Redacted, Stdio, Stream } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { run, withAccount } from "./command.ts"

/** Compares an authorization with each of the tokens, and returns the best match. */
const matchTokens = (authorization: Authorization.Authorization, tokens: ReadonlyArray<Redacted.Redacted>) => {
  const matches = new Set(tokens.map((token) => Authorization.matchToken(authorization, token)))
  return (["exact", "masked", "unknown"] as const).find((match) => matches.has(match)) ?? "none"
}

/** Prints the id of each authorization with one of the tokens, and returns how many matched how well. */
export const find = Effect.fn("find")(
  function*(tokens: ReadonlyArray<Redacted.Redacted>, options: { readonly team?: string | undefined } = {}) {
    const service = yield* AuthorizationService.AuthorizationService
    const counts = { exact: 0, masked: 0, unknown: 0, none: 0 }
    const onInvalid = ({ id, message }: AuthorizationService.InvalidAuthorization) => {
      counts.unknown++
      return Console.error(`cannot read ${Option.getOrElse(id, () => "an authorization without id")}: ${message}`)
    }
    yield* service.stream({ ...options, onInvalid }).pipe(
      Stream.runForEach((authorization) => {
        const match = matchTokens(authorization, tokens)
        counts[match]++
        if (match === "exact") return Console.log(authorization.id)
        return match === "masked" ? Console.log(`masked:${authorization.id}`) : Effect.void
      })
    )
    return counts
  }
)

/** Says how many authorizations matched. */
export const summarize = ({ exact, masked, none, unknown }: Effect.Success<ReturnType<typeof find>>): string => {
  const compared = exact + masked + none
  return `compared ${compared} authorizations: ${exact} exact, ${masked} masked; ${unknown} could not be compared`
}

const failWith = (userMessage: string) => Effect.fail(new CliError.UserError({ cause: "find", userMessage }))

const readTokens = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* stdio.stdin.pipe(Stream.decodeText, Stream.splitLines, Stream.runCollect)
  const tokens = lines.map((line) => line.trim()).filter((line) => line !== "")
  return tokens.map((token) => Redacted.make(token))
})

const team = Flag.String("team").pipe(
  Flag.optional,
  Flag.withDescription("Name or id of a team, to search its authorizations and not those of the account")
)

const command = Command.make(
  "find",
  { team },
  Effect.fnUntraced(function*({ team }) {
    const tokens = yield* readTokens.pipe(
      Effect.catchTag("PlatformError", () => failWith("Cannot read standard input"))
    )
    if (tokens.length === 0) return yield* failWith("Pass the leaked tokens on standard input, one a line")
    if (tokens.some((token) => Redacted.value(token).includes("*"))) {
      return yield* failWith("A token on standard input is masked. Pass tokens in clear")
    }
    const counts = yield* withAccount(find(tokens, { team: Option.getOrUndefined(team) }))
    yield* Console.error(summarize(counts))
    if (counts.exact + counts.masked > 0) return
    if (counts.none === 0) return yield* failWith("Nothing could be compared, so this proves nothing")
    return yield* failWith("No authorization has one of these tokens, as far as they could be compared")
  })
)

if (import.meta.main) run(command)
