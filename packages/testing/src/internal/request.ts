/** What a request means: its operation, the authorization that it names, and the input in its body. */
import type { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import { maxLifetimeSeconds } from "@effect-heroku/core/AuthorizationEndpoints"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as FaultInjection from "../FaultInjection.ts"
import { badRequest, type HerokuError, invalidParams } from "./herokuErrors.ts"

/** A request. Header names are in lower case. */
export interface ApiRequest {
  readonly method: string
  /** The path and query as they were sent, percent-encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

type Parsed<A> = Result.Result<A, HerokuError>

/** The endpoint that a request is for. */
export type Route =
  | { readonly name: "create"; readonly input: Parsed<CreateAuthorization> }
  | { readonly name: "update"; readonly id: string; readonly input: Parsed<UpdateAuthorization> }
  | { readonly name: "info" | "regenerate" | "delete"; readonly id: string }
  | { readonly name: "list"; readonly range: string | undefined }
  | { readonly name: "rate-limits" | "unknown" }

/** Finds the endpoint of a request. */
export const route = (request: ApiRequest): Route => {
  const method = request.method === "HEAD" ? "GET" : request.method
  const path = pathOf(request)
  // The path is split before it is decoded, so that an id with an encoded slash stays one segment.
  const [, first, second, segment, ...rest] = path.split("/")
  if (`${method} ${path}` === "GET /account/rate-limits") return { name: "rate-limits" }
  if (first !== "oauth" || second !== "authorizations") return { name: "unknown" }
  if (segment === undefined) {
    if (method === "GET") return { name: "list", range: request.headers["range"] }
    return method === "POST" ? { name: "create", input: parseCreate(request.body) } : { name: "unknown" }
  }
  const id = decodeSegment(segment)
  if (id === undefined) return { name: "unknown" }
  switch ([method, ...rest].join(" ")) {
    case "GET":
      return { name: "info", id }
    case "PATCH":
      return { name: "update", id, input: parseUpdate(request.body) }
    case "DELETE":
      return { name: "delete", id }
    case "POST actions regenerate-tokens":
      return { name: "regenerate", id }
    default:
      return { name: "unknown" }
  }
}

/** Returns the path of a request, without the query. */
export const pathOf = ({ target }: ApiRequest): string => target.split(/[?#]/, 1)[0] ?? ""

/** Returns the call that a route is, if it is one of an operation. */
export const toCall = (to: Route): Option.Option<FaultInjection.Call> => {
  switch (to.name) {
    case "create":
      return Option.some({ operation: to.name, ...inputOf(to.input) })
    case "update":
      return Option.some({ operation: to.name, id: to.id, ...inputOf(to.input) })
    case "list":
      return Option.some({ operation: to.name, ...(to.range === undefined ? undefined : { range: to.range }) })
    case "rate-limits":
    case "unknown":
      return Option.none()
    default:
      return Option.some({ operation: to.name, id: to.id })
  }
}

const inputOf = <A>(input: Parsed<A>): { readonly input?: A } =>
  Result.match(input, { onFailure: () => ({}), onSuccess: (input) => ({ input }) })

const decodeSegment = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

// -----------------------------------------------------------------------------
// Bodies
// -----------------------------------------------------------------------------

type Members = Readonly<Record<string, unknown>>

const isMembers = (u: unknown): u is Members => typeof u === "object" && u !== null && !Array.isArray(u)

const parseObject = (text: string): Parsed<Members> => {
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

const isScope = (u: unknown): u is CreateAuthorization["scope"] =>
  Array.isArray(u) && u.length > 0 && u.every(isNonEmptyString)

const invalid = (field: string, problem: string) => Result.fail(invalidParams(field, problem))

const parseDescription = (description: unknown): Parsed<{ readonly description?: string }> => {
  if (description === undefined) return Result.succeed({})
  return typeof description === "string"
    ? Result.succeed({ description })
    : invalid("description", "must be a string.")
}

/** A missing scope becomes `global`: the server fills it in although its schema requires it. */
const parseCreate = (text: string): Parsed<CreateAuthorization> =>
  Result.gen(function*() {
    const { client, description, expires_in, scope = ["global"] } = yield* parseObject(text)
    if (!isScope(scope)) return yield* invalid("scope", "must be an array of one or more non-empty strings.")
    const described = yield* parseDescription(description)
    const expiring = yield* parseExpiresIn(expires_in)
    if (client === undefined) return { scope, ...described, ...expiring }
    if (!isNonEmptyString(client)) return yield* invalid("client", "must be the id of an OAuth client.")
    return { scope, ...described, ...expiring, client }
  })

const parseExpiresIn = (value: unknown): Parsed<{ readonly expiresIn?: Duration.Duration }> => {
  // The official command line sends the number as a string. That Heroku accepts it is inferred from that.
  const seconds = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value
  if (seconds === undefined || seconds === null) return Result.succeed({})
  if (typeof seconds !== "number" || !Number.isInteger(seconds) || seconds < 0) {
    return invalid("expires_in", "must be a whole number of seconds, zero or more, or null.")
  }
  return seconds > maxLifetimeSeconds
    ? invalid("expires_in", `must be at most ${maxLifetimeSeconds} seconds.`)
    : Result.succeed({ expiresIn: Duration.seconds(seconds) })
}

const parseUpdate = (text: string): Parsed<UpdateAuthorization> =>
  Result.gen(function*() {
    const { client, description } = yield* parseObject(text)
    if (description === undefined && client === undefined) {
      return yield* invalid("client", "is required, or description.")
    }
    const described = yield* parseDescription(description)
    if (client === undefined) return described
    if (!isMembers(client)) return yield* invalid("client", "must be an object with id and secret.")
    const { id, secret } = client
    if (!isNonEmptyString(id)) return yield* invalid("client.id", "must be the id of an OAuth client.")
    if (!isNonEmptyString(secret)) return yield* invalid("client.secret", "must be a non-empty string.")
    return { ...described, client: { id, secret: Redacted.make(secret, { label: "client secret" }) } }
  })
