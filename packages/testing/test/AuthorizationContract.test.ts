/** The service in memory keeps the contract. */
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"

AuthorizationContract.suite("memory", MemoryAuthorizationService.layer())

AuthorizationContract.suite(
  "memory, of an account that has authorizations",
  MemoryAuthorizationService.layer({ count: 1203 })
)
