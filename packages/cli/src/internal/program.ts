/** The program, and the flags that its commands share. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { positiveDuration } from "./times.ts"

/** The root command. Commands read the shared flags by yielding it. */
export const program = Command.make("heroku-authorizations").pipe(
  Command.withSharedFlags({
    apiUrl: Flag.String("api-url").pipe(
      Flag.filter((text) => URL.canParse(text), () => "an absolute URL, like https://api.heroku.com"),
      Flag.withMetavar("URL"),
      Flag.optional,
      Flag.withDescription("The URL of the API, by default HEROKU_API_URL or https://api.heroku.com")
    ),
    timeout: positiveDuration("timeout").pipe(
      Flag.optional,
      Flag.withDescription("How long a request may take with all its retries, by default no limit")
    ),
    debug: Flag.Boolean("debug").pipe(
      Flag.withoutNegation,
      Flag.withDefault(false),
      Flag.withDescription("Log every request on standard error, without secrets")
    ),
    noColor: Flag.Boolean("no-color").pipe(
      Flag.withoutNegation,
      Flag.withDefault(false),
      Flag.withDescription("Print no colors; the variable NO_COLOR does the same")
    )
  })
)
