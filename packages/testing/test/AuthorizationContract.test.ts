/** The contract suite over the memory layer, and the options of the suite. */
import * as AuthorizationService from "@effect-heroku/core/AuthorizationService"
import * as AuthorizationContract from "@effect-heroku/testing/AuthorizationContract"
import * as MemoryAuthorizationService from "@effect-heroku/testing/MemoryAuthorizationService"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { beforeEach } from "vitest"

const client = { id: "client-of-the-contract", secret: Redacted.make("its-secret") }

AuthorizationContract.suite(
  "memory",
  MemoryAuthorizationService.layer({ clients: [client], teams: [{ name: "acme" }] }),
  { client, team: "acme" }
)

AuthorizationContract.suite(
  "memory, with an account that has authorizations",
  MemoryAuthorizationService.layer({ count: 1203, teams: [{ name: "acme", count: 12 }] }),
  { team: "acme" }
)

describe("a slow layer", () => {
  const timeouts = new Set<number>()
  beforeEach(({ task }) => void timeouts.add(task.timeout))

  const creates = { running: 0, most: 0 }
  const slow = Layer.effect(
    AuthorizationService.AuthorizationService,
    Effect.map(AuthorizationService.AuthorizationService, (service) => ({
      ...service,
      create: (input) =>
        Effect.sync(() => {
          creates.running += 1
          creates.most = Math.max(creates.most, creates.running)
        }).pipe(
          Effect.andThen(Effect.yieldNow),
          Effect.andThen(service.create(input)),
          Effect.ensuring(Effect.sync(() => {
            creates.running -= 1
          }))
        )
    }))
  ).pipe(Layer.provide(MemoryAuthorizationService.layer()))

  AuthorizationContract.suite("memory, with a timeout", slow, { timeout: "2 minutes" })

  it("the timeout of the suite is the timeout of each test", () => {
    assert.isTrue(timeouts.has(120_000))
  })

  it("the suite creates several authorizations at once, and at most ten", () => {
    assert.isAbove(creates.most, 1)
    assert.isAtMost(creates.most, 10)
  })
})
