/**
 * Heroku's JSON: what records look like in it, and what request bodies mean. Bodies hold secrets in clear; they go
 * nowhere but into requests and responses.
 */
import * as Authorization from "@effect-heroku/core/Authorization"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type AuthorizationRecord, secondsRemaining, type TokenRecord } from "./records.ts"
import { invalidParams, type Refusal } from "./store.ts"

// -----------------------------------------------------------------------------
// Responses
// -----------------------------------------------------------------------------

/** One authorization as JSON. */
export const authorization = (record: AuthorizationRecord, now: number): string => JSON.stringify(toWire(record, now))

/** A list of authorizations as JSON. */
export const authorizations = (records: ReadonlyArray<AuthorizationRecord>, now: number): string =>
  JSON.stringify(records.map((record) => toWire(record, now)))

/** A refusal as JSON. */
export const refusal = (refused: Refusal): string =>
  JSON.stringify({
    id: refused.errorId,
    message: refused.message,
    url: refused.documentationUrl,
    resource: refused.resource
  })

// In the key order of Heroku's answers. What the published schema lets be null is null; the rest is left out, as in
// payloads from before these attributes existed (`undefined` is not written).
const toWire = (record: AuthorizationRecord, now: number) => ({
  access_token: toWireToken(record.accessToken, now),
  client: record.client === null ? null : {
    id: record.client.id,
    name: record.client.name,
    redirect_uri: record.client.redirectUri
  },
  created_at: toWireTime(record.createdAt),
  description: record.description ?? undefined,
  grant: record.grant === null ? null : {
    code: Redacted.value(record.grant.code),
    expires_in: secondsRemaining(record.grant.expiresAt, now) ?? undefined,
    id: record.grant.id ?? undefined
  },
  id: record.id,
  refresh_token: toWireToken(record.refreshToken, now),
  scope: record.scope,
  session: record.session,
  updated_at: toWireTime(record.updatedAt),
  user: record.user === null ? undefined : {
    id: record.user.id,
    email: record.user.email ?? undefined,
    full_name: record.user.fullName
  }
})

const toWireToken = (record: TokenRecord | null, now: number) =>
  record === null ? null : {
    expires_in: secondsRemaining(record.expiresAt, now),
    id: record.id,
    token: Redacted.value(record.token)
  }

// Heroku writes no fractions of a second; seeds may have some, and keep them.
const toWireTime = (millis: number): string => {
  const iso = new Date(millis).toISOString()
  return millis % 1000 === 0 ? `${iso.slice(0, -5)}Z` : iso
}

// -----------------------------------------------------------------------------
// Requests
// -----------------------------------------------------------------------------

type Members = Readonly<Record<string, unknown>>

const isMembers = (u: unknown): u is Members => typeof u === "object" && u !== null && !Array.isArray(u)

const badRequest = (message: string): Refusal => ({ status: 400, errorId: "bad_request", message })

const parseObject = (text: string): Result.Result<Members, Refusal> => {
  if (text.trim() === "") return Result.succeed({})
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return Result.fail(badRequest("Unable to parse the request body as JSON."))
  }
  return isMembers(value) ? Result.succeed(value) : Result.fail(badRequest("The request body must be a JSON object."))
}

const isNonEmptyString = (u: unknown): u is string => typeof u === "string" && u !== ""

/**
 * The body of `create`. A missing scope is filled in with `global`, as the server does although its schema requires it.
 */
export const parseCreate = (text: string): Result.Result<Authorization.CreateAuthorization, Refusal> =>
  Result.flatMap(parseObject(text), (body): Result.Result<Authorization.CreateAuthorization, Refusal> => {
    const { client, description, scope = ["global"] } = body
    const expiresIn = coerceSeconds(body["expires_in"])
    if (!isScope(scope)) {
      return Result.fail(invalidParams("scope", "must be an array of one or more non-empty strings."))
    }
    if (description !== undefined && typeof description !== "string") {
      return Result.fail(invalidParams("description", "must be a string."))
    }
    if (expiresIn !== undefined && expiresIn !== null && !isWholeSeconds(expiresIn)) {
      return Result.fail(invalidParams("expires_in", "must be a whole number of seconds, zero or more, or null."))
    }
    if (isWholeSeconds(expiresIn) && expiresIn > Authorization.maxLifetimeSeconds) {
      return Result.fail(invalidParams("expires_in", `must be at most ${Authorization.maxLifetimeSeconds} seconds.`))
    }
    if (client !== undefined && !isNonEmptyString(client)) {
      return Result.fail(invalidParams("client", "must be the id of an OAuth client."))
    }
    return Result.succeed({
      scope,
      ...(description === undefined ? undefined : { description }),
      ...(isWholeSeconds(expiresIn) ? { expiresIn: Duration.seconds(expiresIn) } : undefined),
      ...(client === undefined ? undefined : { client })
    })
  })

const isScope = (u: unknown): u is Authorization.CreateAuthorization["scope"] =>
  Array.isArray(u) && u.length > 0 && u.every(isNonEmptyString)

const isWholeSeconds = (u: unknown): u is number => typeof u === "number" && Number.isInteger(u) && u >= 0

// The official command line sends what was typed, as a string. That Heroku takes it for a number is inferred from that.
const coerceSeconds = (u: unknown): unknown => typeof u === "string" && /^\d+$/.test(u) ? Number(u) : u

/** The body of `update`: a description, a client with its secret, or both. */
export const parseUpdate = (text: string): Result.Result<Authorization.UpdateAuthorization, Refusal> =>
  Result.flatMap(parseObject(text), (body): Result.Result<Authorization.UpdateAuthorization, Refusal> => {
    const { client, description } = body
    if (description === undefined && client === undefined) {
      return Result.fail(invalidParams("client", "is required, or description."))
    }
    if (description !== undefined && typeof description !== "string") {
      return Result.fail(invalidParams("description", "must be a string."))
    }
    const named = description === undefined ? {} : { description }
    if (client === undefined) return Result.succeed(named)
    if (!isMembers(client)) return Result.fail(invalidParams("client", "must be an object with id and secret."))
    const { id, secret } = client
    if (!isNonEmptyString(id)) return Result.fail(invalidParams("client.id", "must be the id of an OAuth client."))
    if (!isNonEmptyString(secret)) return Result.fail(invalidParams("client.secret", "must be a non-empty string."))
    return Result.succeed({ ...named, client: { id, secret: Redacted.make(secret, { label: "client secret" }) } })
  })
