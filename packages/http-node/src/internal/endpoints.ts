/**
 * The six endpoints of the API.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#oauth-authorization
 */
import { type AuthorizationId, CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import * as AuthorizationEndpoints from "@effect-heroku/core/AuthorizationEndpoints"
import type { Operation } from "@effect-heroku/core/AuthorizationError"
import type { Service } from "@effect-heroku/core/AuthorizationService"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { RequestBudget } from "./budget/service.ts"
import * as Call from "./call.ts"
import type { Endpoint } from "./endpoint.ts"
import type { Problem, Settings } from "./options.ts"
import { decodeAuthorization, toListResponse } from "./response.ts"

/** Creates the live service over a client. Every attempt first takes a permit from the budget, if there is one. */
export const makeService = (
  httpClient: HttpClient.HttpClient,
  settings: Result.Result<Settings, Problem>,
  budget?: RequestBudget["Service"]
): Service => {
  const call = Call.make(httpClient, settings, budget)
  const callAndDecode = <O extends Operation>(endpoint: Endpoint<O>) =>
    Effect.flatMap(call(endpoint), (response) => decodeAuthorization(response, endpoint.id))
  return AuthorizationEndpoints.make({
    create: ({ team, ...input }) =>
      callAndDecode({ operation: "create", method: "POST", ...collection(team), body: encodeCreate(input) }),
    info: (id) => callAndDecode({ operation: "info", method: "GET", ...member(id) }),
    update: (id, input) =>
      callAndDecode({
        operation: "update",
        method: "PATCH",
        ...member(id),
        body: encodeUpdate(input),
        secret: input.client?.secret
      }),
    regenerate: (id) =>
      callAndDecode({ operation: "regenerate", method: "POST", ...member(id, "/actions/regenerate-tokens") }),
    delete: (id) => callAndDecode({ operation: "delete", method: "DELETE", ...member(id) }),
    list: (range, team) => {
      const { headers, ...paths } = collection(team)
      return Effect.map(
        call({ operation: "list", method: "GET", ...paths, headers: { ...headers, range } }),
        toListResponse
      )
    }
  })
}

const authorizations = "/oauth/authorizations"

/** The list of the account or of a team. Its paths accept only the variant `3.sdk` of version 3. */
const collection = (team: string | undefined) =>
  team === undefined ? { path: authorizations, template: authorizations } : {
    path: `/teams/${encodeURIComponent(team)}${authorizations}`,
    template: `/teams/{team}${authorizations}`,
    headers: { accept: "application/vnd.heroku+json; version=3.sdk" }
  }

/** `AuthorizationId` rejects dot segments, so no encoded id resolves to another path. */
const member = (id: AuthorizationId, action = "") => ({
  id,
  path: `${authorizations}/${encodeURIComponent(id)}${action}`,
  template: `${authorizations}/{id}${action}`
})

const encodeCreate = Schema.encodeSync(CreateAuthorization)
const encodeUpdate = Schema.encodeSync(UpdateAuthorization)
