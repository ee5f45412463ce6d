/** The file that `--state` stores the account of a sandbox in. Its tokens only open sandboxes. */
import { Authorization, AuthorizationId } from "@effect-heroku/core/Authorization"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as HerokuAccount from "../HerokuAccount.ts"

/** The fields of the file besides the authorizations, whose lifetimes count from `savedAt`. */
const head = {
  savedAt: Schema.DateTimeUtcFromString,
  defaultAuthorization: Schema.OptionFromNullOr(AuthorizationId)
}
const State = Schema.Struct({ ...head, authorizations: Schema.Array(Authorization.FromWire) })
const encodeHead = Schema.encodeEffect(Schema.Struct(head))
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(State))

/** Reads the file, if it exists. */
export const load = Effect.fnUntraced(function*(file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* fileSystem.exists(file))) return Option.none<typeof State.Type>()
  return Option.some(yield* decode(yield* fileSystem.readFileString(file)))
})

/**
 * Writes the file: all of it or nothing, readable only by this user. It is written in chunks, so that the sandbox can
 * respond in between.
 */
export const save = Effect.fnUntraced(function*(file: string, account: HerokuAccount.Service) {
  const fileSystem = yield* FileSystem.FileSystem
  const start = yield* encodeHead({
    savedAt: yield* DateTime.now,
    defaultAuthorization: Option.map(yield* account.get("~"), ({ id }) => id)
  })
  const text = Stream.make(`${JSON.stringify(start).slice(0, -1)},"authorizations":[`).pipe(
    Stream.concat(Stream.mapArray(account.json, (some, index) => [`${index === 0 ? "" : ","}${some.join(",")}`])),
    Stream.concat(Stream.make("]}"))
  )
  const unfinished = `${file}.unfinished`
  yield* Stream.run(Stream.encodeText(text), fileSystem.sink(unfinished, { mode: 0o600 }))
  yield* fileSystem.rename(unfinished, file)
})
