/** Parses requests: the operation, the authorization that it names, and the input in its body. */
import { CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
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

export type Route =
  | { readonly name: "create"; readonly team?: string; readonly input: Parsed<CreateAuthorization> }
  | { readonly name: "update"; readonly id: string; readonly input: Parsed<UpdateAuthorization> }
  | { readonly name: "info" | "regenerate" | "delete"; readonly id: string }
  | { readonly name: "list"; readonly team?: string; readonly range?: string }
  | { readonly name: "account" | "rate-limits" | "end-session" | "preflight" | "unknown" }

export const route = (request: ApiRequest): Route => {
  const { method } = request
  const path = pathOf(request)
  if (method === "OPTIONS") return { name: "preflight" }
  // The path is split before it is decoded, so that an id with an encoded slash stays one segment.
  const segments = path.split("/").map(decodeSegment)
  const [, first, second, third, ...rest] = segments
  if (segments.includes(undefined)) return { name: "unknown" }
  switch (`${method} ${path}`) {
    case "GET /account":
      return { name: "account" }
    case "GET /account/rate-limits":
      return { name: "rate-limits" }
    case "DELETE /oauth/sessions/~":
      return { name: "end-session" }
  }
  if (first === "teams" && second !== "" && third === "oauth" && rest.join("/") === "authorizations") {
    return toList(request, second)
  }
  if (first !== "oauth" || second !== "authorizations") return { name: "unknown" }
  if (third === undefined) return toList(request)
  const id = third
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

/** Routes a request for the list of the user, or of a team. */
const toList = ({ body, headers: { range }, method }: ApiRequest, team?: string): Route => {
  const owner = team === undefined ? {} : { team }
  if (method === "GET") return { name: "list", ...owner, ...(range !== undefined && { range }) }
  return method === "POST" ? { name: "create", ...owner, input: parseCreate(body, team) } : { name: "unknown" }
}

export const pathOf = ({ target }: ApiRequest): string => target.split(/[?#]/, 1)[0] ?? ""

type OperationRoute = Extract<Route, { readonly name: Operation }>

const isOperation = (to: Route): to is OperationRoute => Operation.literals.some((operation) => operation === to.name)

/** Returns the call that a route is, if it is one of an operation. */
export const toCall = (to: Route): FaultInjection.Call | undefined => {
  if (!isOperation(to)) return undefined
  return {
    operation: to.name,
    ...("id" in to && { id: to.id }),
    ...(to.name === "list" && to.team !== undefined && { team: to.team }),
    ...("range" in to && { range: to.range }),
    ...("input" in to && to.input._tag === "Success" && { input: to.input.success })
  }
}

/** Returns the text that is percent-encoded, if the encoding is valid. */
export const decodeSegment = (segment: string): string | undefined => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

const decodeObject = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

const parseObject = (text: string): Parsed<Readonly<Record<string, unknown>>> =>
  Result.mapError(
    decodeObject(text.trim() === "" ? "{}" : text),
    () => badRequest("The request body must be a JSON object.")
  )

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const decodeInput = <T, E>(schema: Schema.Codec<T, E>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (members: Readonly<Record<string, unknown>>): Parsed<T> =>
    Result.mapError(decode(members), ({ issue }) => {
      const [{ message, path } = { message: "is invalid" }] = format(issue).issues
      return invalidParams((path ?? []).map(String).join("."), message)
    })
}

const decodeCreate = decodeInput(CreateAuthorization)
const decodeUpdate = decodeInput(UpdateAuthorization)

/** A missing scope becomes `global`: the server fills it in although its schema requires it. */
const parseCreate = (text: string, team: string | undefined): Parsed<CreateAuthorization> =>
  Result.flatMap(parseObject(text), ({ client, description, expires_in, scope = ["global"] }) => {
    // The official command line sends the number as a string. That Heroku accepts it is inferred from that.
    const seconds = typeof expires_in === "string" && /^\d+$/.test(expires_in)
      ? Number(expires_in)
      : expires_in ?? undefined
    const members = Object.entries({ client, description, expires_in: seconds, scope, team })
    return decodeCreate(Object.fromEntries(members.filter(([, value]) => value !== undefined)))
  })

const parseUpdate = (text: string): Parsed<UpdateAuthorization> => Result.flatMap(parseObject(text), decodeUpdate)
