/** The keys of all services and references. */
import { AuthorizationService, TwoFactorCode } from "@effect-heroku/core/AuthorizationService"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import * as ResponseCache from "@effect-heroku/http-node/ResponseCache"
import { assert, describe, it } from "@effect/vitest"

describe("keys", () => {
  it("are the names of the modules: other packages could have a service of any other", () => {
    assert.deepStrictEqual(
      [
        AuthorizationService,
        TwoFactorCode,
        AccountClients.AccountClients,
        RequestBudget.RequestBudget,
        RequestBudget.CurrentPriority,
        ResponseCache.ResponseCache
      ].map(({ key }) => key),
      [
        "@effect-heroku/core/AuthorizationService",
        "@effect-heroku/core/AuthorizationService/TwoFactorCode",
        "@effect-heroku/http-node/AccountClients",
        "@effect-heroku/http-node/RequestBudget",
        "@effect-heroku/http-node/RequestBudget/CurrentPriority",
        "@effect-heroku/http-node/ResponseCache"
      ]
    )
  })
})
