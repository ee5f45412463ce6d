import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import { Delivery } from "@effect-heroku/core/Rotation"
import * as AccountClients from "@effect-heroku/http-node/AccountClients"
import * as RequestBudget from "@effect-heroku/http-node/RequestBudget"
import { assert, it } from "@effect/vitest"

it.each([
  ["@effect-heroku/core/AuthorizationService", AuthorizationService],
  ["@effect-heroku/core/Rotation/Delivery", Delivery],
  ["@effect-heroku/http-node/AccountClients", AccountClients.AccountClients],
  ["@effect-heroku/http-node/RequestBudget", RequestBudget.RequestBudget],
  ["@effect-heroku/http-node/RequestBudget/CurrentPriority", RequestBudget.CurrentPriority]
])("the key %s is the name of its module, which no other package uses", (name, { key }) => {
  assert.strictEqual(key, name)
})
