/** The token of a request, and what its scope allows. */
import type { Scope } from "@effect-heroku/core/Authorization"
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import type { Route } from "./request.ts"

/** The token in an `Authorization` header: a bearer token, the password of any user, or a user without a password. */
export const tokenOf = (header: string | undefined): string | undefined => {
  const [, scheme, text] = /^\s*(bearer|basic)\s+(\S+)\s*$/i.exec(header ?? "") ?? []
  if (text === undefined || scheme?.toLowerCase() === "bearer") return text
  const unpadded = text.replace(/=+$/, "")
  const padded = unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=")
  const [user, ...password] = Result.getOrElse(Base64.decodeString(padded), () => "").split(":")
  return password.join(":") || user || undefined
}

/**
 * Returns whether a token with this scope may send the request. Heroku documents that `identity` reads the account, and
 * that the scopes of apps exclude it. That they include authorizations is inferred.
 *
 * @see https://devcenter.heroku.com/articles/oauth#scopes
 */
export const isAllowed = (scope: ReadonlyArray<Scope>, request: Route["name"]): boolean => {
  const hasAny = (...scopes: ReadonlyArray<Scope>) => scopes.some((allowed) => scope.includes(allowed))
  switch (request) {
    case "account":
      return hasAny("global", "identity")
    case "info":
    case "list":
      return hasAny("global", "read", "read-protected", "write", "write-protected")
    case "create":
    case "update":
    case "regenerate":
    case "delete":
      return hasAny("global", "write", "write-protected")
    default:
      return true
  }
}
