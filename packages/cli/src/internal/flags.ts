/** Flags that several commands have. */
import * as Flag from "effect/cli/Flag"

/** Prints JSON for programs. */
export const json = Flag.Boolean("json").pipe(
  Flag.withoutNegation,
  Flag.withDefault(false),
  Flag.withDescription("Print one JSON object on each line, without tokens")
)

/** Names a team, whose authorizations are meant instead of the account's. */
export const team = Flag.String("team").pipe(
  Flag.withMetavar("TEAM"),
  Flag.optional,
  Flag.withDescription("The name or id of a team: its authorizations instead of your own")
)

/** Goes ahead without a question. */
export const yes = Flag.Boolean("yes").pipe(
  Flag.withAlias("y"),
  Flag.withoutNegation,
  Flag.withDefault(false),
  Flag.withDescription("Go ahead without asking, for scripts")
)

/** Allows a command that changes things to select everything. */
export const all = Flag.Boolean("all").pipe(
  Flag.withoutNegation,
  Flag.withDefault(false),
  Flag.withDescription("Select all authorizations of the account, less those that filters leave out")
)
