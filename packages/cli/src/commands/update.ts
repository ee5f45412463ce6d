/** `update`: changes a description. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Connection from "../internal/connection.ts"
import { json } from "../internal/flags.ts"
import { parseId } from "../internal/ids.ts"
import { printAuthorization } from "../internal/output.ts"

export const update = Command.make(
  "update",
  {
    id: Argument.String("id").pipe(Argument.withDescription("The id of the authorization")),
    description: Flag.String("description").pipe(
      Flag.withAlias("d"),
      Flag.withMetavar("TEXT"),
      Flag.withDescription("The new description")
    ),
    json
  },
  ({ description, id, json }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      const validId = yield* parseId(id, "The argument")
      yield* Console.error(yield* Connection.whoami)
      yield* printAuthorization(yield* service.update(validId, { description }), json)
    }).pipe(Connection.withAccount)
).pipe(Command.withDescription("Changes the description of an authorization"))
