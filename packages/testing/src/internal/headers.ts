/** The headers of requests and responses. Their names are in lower case. */
import * as Hash from "effect/Hash"
import type { AuthorizationRecord } from "./records.ts"

export type Headers = Readonly<Record<string, string>>

/** Returns the versions of the API that an `Accept` header names: `3`, or a variant of it such as `3.sdk`. */
export const acceptedVersions = (accept: string): ReadonlyArray<string> =>
  accept.split(",").flatMap((mediaType) => {
    const [type, ...parameters] = mediaType.split(";").map((part) => part.trim().toLowerCase())
    if (type !== "application/vnd.heroku+json") return []
    return parameters.flatMap((parameter) => /^version\s*=\s*"?(3(?:\.[\w-]+)?)"?$/.exec(parameter)?.[1] ?? [])
  })

/** The headers that let programs in browsers read a response. */
export const corsHeaders: Headers = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Accept-Ranges, Content-Range, ETag, Heroku-Two-Factor-Required, Next-Range, "
    + "RateLimit-Remaining, Request-Id, Retry-After, Warning-Id, Warning-Message"
}

/** The headers of the response to a browser that asks which requests it may send. */
export const preflightHeaders = (headers: Readonly<Record<string, string | undefined>>): Headers => ({
  "access-control-allow-methods": "GET, POST, PATCH, DELETE, OPTIONS",
  "access-control-allow-headers": headers["access-control-request-headers"] ?? "*",
  "access-control-max-age": "86400"
})

export const entityTag = (body: string): string => `"${(Hash.string(body) >>> 0).toString(16).padStart(8, "0")}"`

/** Whether `If-None-Match` names the tag of a response. */
export const matchesEntityTag = (header: string | undefined, tag: string | undefined): boolean =>
  header !== undefined && tag !== undefined
  && header.split(",").some((text) => text.trim() === "*" || text.trim().replace(/^W\//, "") === tag)

/** When the latest of the authorizations was updated. */
export const lastModified = (records: ReadonlyArray<AuthorizationRecord>): Headers => {
  if (records.length === 0) return {}
  const latest = records.reduce((latest, { wire }) => Math.max(latest, Date.parse(wire.updated_at)), -Infinity)
  return { "last-modified": new Date(latest).toUTCString() }
}
