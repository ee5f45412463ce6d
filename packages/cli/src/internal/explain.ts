/** Errors as sentences for people: what failed, why, and what to do. */
import type { AuthorizationError } from "@effect-heroku/core/AuthorizationError"
import type { NotReplaceable, RotationError } from "@effect-heroku/core/Rotation"
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import type { Stop } from "./stop.ts"
import { maskTokens, safe } from "./text.ts"

/** The errors with which a command can fail. */
export type CommandError = AuthorizationError | RotationError | Config.ConfigError | PlatformError.PlatformError | Stop

/** Describes an error in a line that is safe to print, with Heroku's request id when there is one. */
export const explain = (error: CommandError): string => {
  const requestId = "requestId" in error ? Option.getOrUndefined(error.requestId) : undefined
  const text = `${describe(error)}${requestId === undefined ? "" : ` (request id ${requestId})`}`
  return maskTokens(safe(text))
}

/** `heroku login` fails while HEROKU_API_KEY is set. */
const logIn = "unset HEROKU_API_KEY; heroku login; export HEROKU_API_KEY=\"$(heroku auth:token)\""

const describe = (error: CommandError): string => {
  switch (error._tag) {
    case "Unauthorized":
      return `Heroku rejected the token: ${sentence(error.message)} Log in again: ${logIn}`
    case "Forbidden":
      if (error.operation === "regenerate") {
        return `Heroku does not regenerate it: ${
          sentence(error.message)
        } If it belongs to an OAuth client, revoke it and authorize the client again. Otherwise use a token with the scope global`
      }
      return `The token may not do this: ${sentence(error.message)} Use a token with the scope global`
    case "TwoFactorRequired":
      return "Heroku requires the code of your second factor, and none was accepted: run this command on a terminal, which asks for it, or set HEROKU_TWO_FACTOR_CODE to a current code"
    case "NotFound":
      return `No authorization has the id ${error.id}: ${
        sentence(error.message)
      } Run \`heroku-authorizations list\` to see all ids`
    case "RateLimited":
      return `The rate limit of the account is used up: ${sentence(error.message)} Run this command again ${
        Option.match(error.retryAfter, {
          onNone: () => "in a few minutes",
          onSome: (wait) => `in ${Duration.format(wait)}`
        })
      }`
    case "RequestFailed":
      return error.outcomeUnknown
        ? `${
          sentence(error.message)
        } Heroku may have processed the request: check with \`heroku-authorizations list\` before you run this command again`
        : `${sentence(error.message)} Check the connection, then run this command again`
    case "UnexpectedStatus":
      if (error.status === 404) {
        return `${describeStatus(error)} Check --team and --api-url`
      }
      return `${describeStatus(error)} See https://status.heroku.com for outages, then run this command again`
    case "InvalidResponse":
      return `Heroku's response to ${error.operation} is invalid: ${
        sentence(error.message)
      } Run this command with --debug and report the request id to Heroku`
    case "InvalidParams":
      return Option.match(error.field, {
        onNone: () => `Heroku rejected the input: ${error.message}`,
        // The message begins with the field.
        onSome: (field) => `${flags[field] ?? field}: ${error.message.replace(`${field}: `, "")}`
      })
    case "ConfigError":
      return error.cause.message
    case "PlatformError":
      return explainPlatformError(error)
    case "RotationConflict":
      return `${sentence(error.message)} Successors: ${error.successors.join(", ")}`
    case "NotReplaceable":
      return notReplaceable[error.reason]
    case "DeliveryFailed":
    case "OwnAuthorization":
    case "Stop":
      return error.message
  }
}

/** Ends a message with a full stop, unless Heroku has. */
const sentence = (message: string): string => /[.!?]$/.test(message) ? message : `${message}.`

/** The message of a response without one names the status, too. */
const describeStatus = (
  { message, operation, status }: Extract<CommandError, { _tag: "UnexpectedStatus" }>
): string => {
  const prefix = `Heroku returned status ${status} for ${operation}`
  return sentence(message.startsWith(prefix) ? message : `${prefix}: ${message}`)
}

/** The flags for the fields of inputs that have another name. */
const flags: Readonly<Record<string, string>> = {
  client: "--client",
  "client.id": "--client",
  description: "--description",
  expiresIn: "--expires-in",
  overlap: "--overlap",
  scope: "--scope",
  team: "--team"
}

/** The messages of `NotReplaceable` name options of functions. These name flags. */
const notReplaceable: Readonly<Record<NotReplaceable["reason"], string>> = {
  client: "It belongs to an OAuth client. Revoke it and authorize the client again",
  lifetime: "It has expired or has no token, so that the lifetime of a new one is unknown. Pass --expires-in",
  unlisted: "It is not in the list of the account. If it belongs to a team, pass --team"
}

/** Describes an error of a file, with its path. */
export const explainPlatformError = ({ cause, message, reason }: PlatformError.PlatformError): string => {
  const path = "pathOrDescriptor" in reason ? reason.pathOrDescriptor : undefined
  const system = cause instanceof Error ? cause : undefined
  const code = system !== undefined && "code" in system ? String(system.code) : ""
  const problem = problems[reason._tag] ?? systemProblems[code] ?? system?.message ?? message
  return typeof path === "string" ? `${path}: ${problem}` : problem
}

const problems: Readonly<Record<string, string>> = {
  NotFound: "no such file or directory",
  PermissionDenied: "permission denied",
  AlreadyExists: "exists already",
  BadResource: "is a directory, or its path leads through a file"
}

const noSpace = "no space is left. Free some, then run this command again"

const systemProblems: Readonly<Record<string, string>> = {
  EDQUOT: noSpace,
  EFBIG: noSpace,
  ENOSPC: noSpace,
  EROFS: "the file system is read-only"
}
