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
import { nothingChanged, onInterrupt, printAuthorization } from "../internal/output.ts"
import { safe } from "../internal/text.ts"

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
      yield* Console.error(yield* nothingChanged(Connection.whoami))
      yield* printAuthorization(
        yield* service.update(validId, { description }).pipe(
          onInterrupt(
            `the description may have been changed. \`heroku-authorizations info ${safe(validId)}\` shows it`
          )
        ),
        json
      )
    }).pipe(Connection.withAccount)
).pipe(Command.withDescription("Changes the description of an authorization"))
