/** The account that a token belongs to, which tells people what they are about to change. */
import type { InfoError } from "@effect-heroku/core/AuthorizationError"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Call from "./internal/call.ts"
import { readOptions } from "./internal/config.ts"
import * as NodeClient from "./internal/nodeClient.ts"
import { decodeWith } from "./internal/response.ts"
import type { Options } from "./NodeAuthorizationService.ts"

/** The owner of a token. */
export const TokenOwner = Schema.Struct({
  /** The id of the account. */
  id: Schema.String,
  /** The email address of the account. */
  email: Schema.String
})
export interface TokenOwner extends Schema.Schema.Type<typeof TokenOwner> {}

/**
 * Returns the account that a token belongs to, over Node's HTTP client. The token and the other options come from the
 * environment or from `overrides`, as for `NodeAuthorizationService.layerConfig`.
 *
 * @see https://devcenter.heroku.com/articles/platform-api-reference#account-info
 */
export const find: (
  overrides?: Config.Wrap<Partial<Options>>
) => Effect.Effect<TokenOwner, InfoError | Config.ConfigError> = Effect.fnUntraced(function*(overrides = {}) {
  const { client, settings } = yield* NodeClient.make(yield* readOptions<Options>(overrides))
  const response = yield* Call.make(client, settings)({
    operation: "info",
    method: "GET",
    path: "/account",
    template: "/account"
  })
  return yield* decodeWith(decode)(response)
}, Effect.scoped)

const decode = Schema.decodeUnknownResult(TokenOwner)
