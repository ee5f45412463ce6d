/** Keeps the account of a sandbox in a file, from one run to the next. The tokens in it open nothing but sandboxes. */
import { type Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import * as AuthorizationDecoder from "@effect-heroku/core/AuthorizationDecoder"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as PlatformError from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as HerokuAccount from "../HerokuAccount.ts"

/** What is kept. Lifetimes count from `savedAt`; what `~` names may be nothing. */
export interface State {
  readonly savedAt: DateTime.Utc
  readonly defaultAuthorization: Option.Option<AuthorizationId>
  readonly authorizations: ReadonlyArray<Authorization>
}

/** All but the authorizations, which are too many for a schema. */
const head = {
  savedAt: Schema.DateTimeUtcFromString,
  defaultAuthorization: Schema.OptionFromNullOr(AuthorizationId)
}
const encodeHead = Schema.encodeEffect(Schema.Struct(head))
const decode = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ ...head, authorizations: Schema.Unknown }))
)

/** What a file keeps; none when there is no such file. */
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
  const authorizations = yield* Effect.fromResult(AuthorizationDecoder.authorizations(state.authorizations))
  return Option.some({ ...state, authorizations })
})

/**
 * Writes what a later run is to start with; all of it or nothing, readable by this user alone. It is written piece by
 * piece: requests are answered meanwhile.
 */
export const save = Effect.fnUntraced(function*(
  file: string,
  account: HerokuAccount.Service
): Effect.fn.Return<void, PlatformError.PlatformError | Schema.SchemaError, FileSystem.FileSystem> {
  const fileSystem = yield* FileSystem.FileSystem
  const started = yield* encodeHead({
    savedAt: yield* DateTime.now,
    defaultAuthorization: Option.map(yield* account.get("~"), ({ id }) => id)
  })
  const text = Stream.make(`${JSON.stringify(started).slice(0, -1)},"authorizations":[`).pipe(
    Stream.concat(Stream.mapArray(account.json, (some, index) => [`${index === 0 ? "" : ","}${some.join(",")}`])),
    Stream.concat(Stream.make("]}"))
  )
  yield* Stream.run(Stream.encodeText(text), fileSystem.sink(unfinished(file), { mode: 0o600 }))
  yield* fileSystem.rename(unfinished(file), file)
})

/** Fails where `save` would, and leaves the file as it is. */
export const tryToSave = Effect.fnUntraced(function*(
  file: string
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem> {
  const fileSystem = yield* FileSystem.FileSystem
  yield* fileSystem.writeFileString(unfinished(file), "", { mode: 0o600 })
  yield* fileSystem.remove(unfinished(file))
})

const unfinished = (file: string): string => `${file}.unfinished`
