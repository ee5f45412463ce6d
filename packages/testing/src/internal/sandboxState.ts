/** Keeps the account of a sandbox in a file, from one run to the next. The tokens in it open nothing but sandboxes. */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import * as Schema from "effect/Schema"
import type * as HerokuAccount from "../HerokuAccount.ts"

/** What is kept. Lifetimes count from `savedAt`; what `~` names may be nothing. */
const State = Schema.fromJsonString(Schema.Struct({
  savedAt: Schema.DateTimeUtcFromString,
  defaultAuthorization: Schema.OptionFromNullOr(AuthorizationId),
  authorizations: Schema.Array(Authorization.FromWire)
}))
export interface State extends Schema.Schema.Type<typeof State> {}

const decode = Schema.decodeUnknownEffect(State)
const encode = Schema.encodeEffect(State)

/** What a file keeps, its lifetimes counted down to now; none when there is no such file. */
export const load = Effect.fnUntraced(function*(
  file: string
): Effect.fn.Return<
  Option.Option<State>,
  PlatformError.PlatformError | Schema.SchemaError,
  FileSystem.FileSystem
> {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* fileSystem.exists(file))) return Option.none()
  const state = yield* decode(yield* fileSystem.readFileString(file))
  const elapsed = DateTime.distance(state.savedAt, yield* DateTime.now)
  return Option.some({
    ...state,
    authorizations: state.authorizations.map((authorization) => age(authorization, elapsed))
  })
})

/** Writes what a later run is to start with; all of it or nothing, readable by this user alone. */
export const save = Effect.fnUntraced(function*(
  file: string,
  account: HerokuAccount.Service
): Effect.fn.Return<void, PlatformError.PlatformError | Schema.SchemaError, FileSystem.FileSystem> {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* encode({
    savedAt: yield* DateTime.now,
    defaultAuthorization: Option.map(yield* account.get("~"), ({ id }) => id),
    authorizations: yield* account.authorizations
  })
  const unfinished = `${file}.unfinished`
  yield* fileSystem.writeFileString(unfinished, text, { mode: 0o600 })
  yield* fileSystem.rename(unfinished, file)
})

const age = (authorization: Authorization, elapsed: Duration.Duration): Authorization => {
  const ageOne = <A extends { readonly expiresIn: Option.Option<Duration.Duration> }>(one: A): A => ({
    ...one,
    expiresIn: Option.map(
      one.expiresIn,
      (left) => Duration.seconds(Math.max(0, Math.floor(Duration.toSeconds(left) - Duration.toSeconds(elapsed))))
    )
  })
  return new Authorization({
    ...authorization,
    accessToken: Option.map(authorization.accessToken, ageOne),
    refreshToken: Option.map(authorization.refreshToken, ageOne),
    grant: Option.map(authorization.grant, ageOne)
  })
}
