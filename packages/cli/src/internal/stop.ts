/** The ends of a command other than success. */
import * as Data from "effect/Data"

/** The exit codes of the program, as `--help` explains them. */
export const exitCode = {
  failed: 1,
  invalidUsage: 2,
  /** `find`: a token was not found, but some authorizations could not be compared; or the search failed. */
  inconclusive: 2,
  onlyPlanned: 3
} as const

/** The part of `--help` about the exit codes of a command that changes authorizations. */
export const exitCodes = (done: string): string => `

  Exit codes:
    0    all selected authorizations are ${done}
    1    failed, or not all are ${done}
    2    invalid usage
    3    without a terminal and without --yes: only the plan was printed
    130  interrupted`

/** Ends the program with an exit code and a message on standard error. */
export class Stop extends Data.TaggedError("Stop")<{
  readonly code: number
  readonly message: string
}> {}

/** Ends the program because of what the user passed. */
export const invalidUsage = (message: string): Stop => new Stop({ code: exitCode.invalidUsage, message })

/** Ends the program because something failed. */
export const failed = (message: string): Stop => new Stop({ code: exitCode.failed, message })

/** The file `-`, which many programs take for standard output. */
export const noStandardOutput = (command: string): string =>
  `- is not the name of a file: pass one, or use \`heroku-authorizations ${command}\` for standard output`

/** The possible reasons why no authorization has an id. */
export const explainNotFound = "An id that was not found is revoked already, of another account, or mistyped"
