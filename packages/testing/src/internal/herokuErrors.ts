/**
 * The errors of Heroku's API as it words them. Where no payload was published, the message is inferred.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#error-responses
 */

/** A response with an error status. */
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

/** 400: the body cannot be read. */
export const badRequest = (message: string): HerokuError => ({ status: 400, id: "bad_request", message })

/** 401: no token, or an unknown one. */
export const unauthorized: HerokuError = {
  status: 401,
  id: "unauthorized",
  message: "Invalid credentials provided."
}

/** 403: regenerate is not allowed for the client. */
export const forbidden: HerokuError = {
  status: 403,
  id: "forbidden",
  message: "You can only regenerate the tokens of direct authorizations and privileged OAuth clients."
}

/** 403: the second factor is missing or wrong. */
export const twoFactor: HerokuError = { status: 403, id: "two_factor", message: "A second factor is required." }

/** 404: no authorization has the id. */
export const notFound: HerokuError = {
  status: 404,
  id: "not_found",
  message: "Couldn't find that OAuth authorization.",
  resource: "authorization"
}

/** 404: no such path, or not with this method. */
export const unknownEndpoint: HerokuError = {
  status: 404,
  id: "not_found",
  message: "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and "
    + "did you specify your intended version with the `Accept` header?"
}

/** 406: the `Accept` header names no version. */
export const notAcceptable: HerokuError = {
  status: 406,
  id: "not_acceptable",
  message: "The `Accept` header must name a version: `application/vnd.heroku+json; version=3`."
}

/** 416: the `Range` header cannot be parsed. */
export const unsatisfiable: HerokuError = {
  status: 416,
  id: "requested_range_not_satisfiable",
  message: "Couldn't parse the requested range.",
  url: "https://devcenter.heroku.com/articles/platform-api-reference#ranges"
}

/** 422: a parameter is invalid. */
export const invalidParams = (field: string, problem: string): HerokuError => ({
  status: 422,
  id: "invalid_params",
  message: `${field}: ${problem}`
})

/** 429: the account has no request tokens left. */
export const rateLimited: HerokuError = {
  status: 429,
  id: "rate_limit",
  message: "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
  url: "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
}

/** 500: Heroku's response to a range that starts after no id. */
export const internalServerError: HerokuError = {
  status: 500,
  id: "internal_server_error",
  message: "Internal server error."
}
