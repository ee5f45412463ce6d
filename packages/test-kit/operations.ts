/** One call of each operation of `AuthorizationService`. */
import type { AuthorizationId, CreateAuthorization, UpdateAuthorization } from "@effect-heroku/core/Authorization"
import type { AuthorizationError, Operation } from "@effect-heroku/core/AuthorizationError"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import type * as Effect from "effect/Effect"
import * as samples from "./samples.ts"

export type Call = Effect.Effect<unknown, AuthorizationError, AuthorizationService>

export interface Inputs {
  readonly id?: AuthorizationId
  readonly create?: CreateAuthorization
  readonly update?: UpdateAuthorization
}

export const operationNames: ReadonlyArray<Operation> = ["create", "info", "update", "regenerate", "delete", "list"]

/** Makes one call of each operation, with these inputs. */
export const makeOperations = ({
  create = { scope: ["global"] },
  id = samples.id,
  update = { description: "new" }
}: Inputs = {}): Record<Operation, Call> => ({
  create: AuthorizationService.use((service) => service.create(create)),
  info: AuthorizationService.use((service) => service.info(id)),
  update: AuthorizationService.use((service) => service.update(id, update)),
  regenerate: AuthorizationService.use((service) => service.regenerate(id)),
  delete: AuthorizationService.use((service) => service.delete(id)),
  list: AuthorizationService.use((service) => service.list())
})

/** One call of each operation, on the authorization `payloads.full`. */
export const operations = makeOperations()

/** Whether an operation can be sent twice with the effect of once. */
export const isIdempotent = (operation: Operation): boolean => operation !== "create" && operation !== "regenerate"

/** Whether an operation leaves the account as it is. */
export const isReadOnly = (operation: Operation): boolean => operation === "info" || operation === "list"
