/** The ids that a user passes, as arguments or on standard input. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { invalidUsage, type Stop } from "./stop.ts"

/** The argument that stands for standard input. */
const standardInput = "-"

/** Reads ids. The argument `-` adds those of standard input. */
export const readIds = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const named = yield* Effect.forEach(
    args.filter((text) => text !== standardInput),
    (text, index) => parseId(text, `argument ${index + 1}`)
  )
  return args.includes(standardInput) ? [...named, ...(yield* readStandardInput)] : named
})

/** One id a line, or lines of JSON with a field `id`, as `list --json` and `find --json` print them. */
const readStandardInput = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const lines = yield* stdio.stdin.pipe(Stream.decodeText, Stream.splitLines, Stream.runCollect)
  return yield* Effect.forEach(
    lines.map((line, index) => [line.trim(), `line ${index + 1} of standard input`] as const).filter(([text]) =>
      text !== ""
    ),
    ([text, source]) => parseId(text.startsWith("{") ? Option.getOrElse(idOfLine(text), () => "") : text, source)
  )
})

const idOfLine = (line: string) =>
  Option.map(
    Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ id: Schema.String })))(line),
    ({ id }) => id
  )

/** Checks one id. The message never quotes it: it may be a token. */
export const parseId = (text: string, source: string): Effect.Effect<AuthorizationId, Stop> =>
  text.startsWith("HRKU-")
    ? Effect.fail(invalidUsage(
      `${source} is a token: pass the id of an authorization, which \`heroku-authorizations find\` finds for a token`
    ))
    : /\s/.test(text)
    ? Effect.fail(invalidUsage(`${source} is no id: it contains spaces`))
    : Effect.mapError(
      Schema.decodeUnknownEffect(AuthorizationId)(text),
      () => invalidUsage(`${source} is not the id of an authorization`)
    )
