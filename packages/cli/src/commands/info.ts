/** `info`: one authorization. */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Connection from "../internal/connection.ts"
import { json } from "../internal/flags.ts"
import { parseId } from "../internal/ids.ts"
import { nothingChanged, printAuthorization } from "../internal/output.ts"

export const info = Command.make(
  "info",
  {
    id: Argument.String("id").pipe(
      Argument.withDescription("The id of the authorization; ~ is the default authorization of the account")
    ),
    json
  },
  ({ id, json }) =>
    Effect.gen(function*() {
      const service = yield* AuthorizationService
      yield* printAuthorization(yield* service.info(yield* parseId(id, "The argument")), json)
    }).pipe(nothingChanged, Connection.withAccount)
).pipe(Command.withDescription("Shows one authorization"))
