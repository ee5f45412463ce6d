/**
 * The errors of Heroku's API as it words them. Where no payload was published, the message is inferred.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */

export interface HerokuError {
  readonly status: number
  readonly id: string
  readonly message: string
  readonly url?: string
  readonly resource?: string
}

export const toJson = ({ id, message, resource, url }: HerokuError): string =>
  JSON.stringify({ id, message, url, resource })

/** The documented ids. */
export const ids: ReadonlyMap<number, string> = new Map([
  [400, "bad_request"],
  [401, "unauthorized"],
  [402, "delinquent"],
  [403, "forbidden"],
  [404, "not_found"],
  [406, "not_acceptable"],
  [409, "conflict"],
  [410, "gone"],
  [416, "requested_range_not_satisfiable"],
  [422, "invalid_params"],
  [429, "rate_limit"]
])

const make = (status: number, message: string, more?: Partial<HerokuError>): HerokuError => ({
  status,
  id: ids.get(status) ?? "internal_server_error",
  message,
  ...more
})

const reference = "https://devcenter.heroku.com/articles/platform-api-reference"

export const errors = {
  unauthorized: make(401, "Invalid credentials provided."),
  regenerateForbidden: make(
    403,
    "You can only regenerate the tokens of direct authorizations and privileged OAuth clients."
  ),
  scope: make(403, "The scope of this token does not allow this request."),
  team: make(403, "You cannot manage the tokens of this team."),
  twoFactor: make(403, "A second factor is required.", { id: "two_factor" }),
  notFound: make(404, "Couldn't find that OAuth authorization.", { resource: "authorization" }),
  sessionNotFound: make(404, "Couldn't find that OAuth session.", { resource: "session" }),
  teamNotFound: make(404, "Couldn't find that team.", { resource: "team" }),
  unknownEndpoint: make(
    404,
    "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and "
      + "did you specify your intended version with the `Accept` header?"
  ),
  notAcceptable: make(406, "The `Accept` header must name a version: `application/vnd.heroku+json; version=3`."),
  notAcceptableForTeams: make(406, "The `Accept` header must be `application/vnd.heroku+json; version=3.sdk`."),
  unsatisfiable: make(416, "Couldn't parse the requested range.", { url: `${reference}#ranges` }),
  rateLimited: make(
    429,
    "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
    { url: `${reference}#rate-limits` }
  ),
  /** Heroku's response to a range that starts after no id. */
  internalServerError: make(500, "Internal server error.")
}

export const badRequest = (message: string): HerokuError => make(400, message)

export const invalidParams = (field: string, problem: string): HerokuError => make(422, `${field}: ${problem}`)
