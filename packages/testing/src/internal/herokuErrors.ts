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

/** The body of the error response. */
export const toJson = ({ id, message, resource, url }: HerokuError): string =>
  JSON.stringify({ id, message, url, resource })

const make = (
  status: number,
  id: string,
  message: string,
  more?: Pick<HerokuError, "url" | "resource">
): HerokuError => ({ status, id, message, ...more })

const reference = "https://devcenter.heroku.com/articles/platform-api-reference"

export const badRequest = (message: string): HerokuError => make(400, "bad_request", message)

export const unauthorized = make(401, "unauthorized", "Invalid credentials provided.")

export const forbidden = make(
  403,
  "forbidden",
  "You can only regenerate the tokens of direct authorizations and privileged OAuth clients."
)

export const twoFactor = make(403, "two_factor", "A second factor is required.")

export const notFound = make(404, "not_found", "Couldn't find that OAuth authorization.", { resource: "authorization" })

export const unknownEndpoint = make(
  404,
  "not_found",
  "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and "
    + "did you specify your intended version with the `Accept` header?"
)

export const notAcceptable = make(
  406,
  "not_acceptable",
  "The `Accept` header must name a version: `application/vnd.heroku+json; version=3`."
)

export const unsatisfiable = make(416, "requested_range_not_satisfiable", "Couldn't parse the requested range.", {
  url: `${reference}#ranges`
})

export const invalidParams = (field: string, problem: string): HerokuError =>
  make(422, "invalid_params", `${field}: ${problem}`)

export const rateLimited = make(
  429,
  "rate_limit",
  "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
  { url: `${reference}#rate-limits` }
)

/** Heroku's response to a range that starts after no id. */
export const internalServerError = make(500, "internal_server_error", "Internal server error.")
