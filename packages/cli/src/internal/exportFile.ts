/**
 * The file of an export.
 *
 * After each page, FILE.progress records the cursor of the next page, and the length and the hash of the file. If a run ends
 * between writing a page and recording it, the next run truncates the file to the recorded length, so that no line is missing or
 * written twice. The hash shows that the file is the one that was written.
 */
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as ListRange from "@effect-heroku/core/ListRange"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import { nameFile, writeAtomic } from "./atomicFile.ts"
import { Connection } from "./connection.ts"
import { lock } from "./lock.ts"
import { toRecord } from "./record.ts"
import * as Selection from "./selection.ts"
import { failed, type Stop } from "./stop.ts"
import { toJson } from "./text.ts"

/** The content of FILE.progress. */
const Progress = Schema.Struct({
  /** The account and selection: a run with others must not continue this export. */
  host: Schema.String,
  account: Schema.String,
  selection: Schema.String,
  bytes: Schema.Int,
  /** The hash of these bytes. */
  sha256: Schema.String,
  count: Schema.Int,
  /** The number of authorizations that could not be read. */
  invalid: Schema.Int,
  cursor: Schema.optionalKey(ListRange.Cursor),
  completeSince: Schema.optionalKey(Schema.DateTimeUtcFromString)
})
const ProgressJson = Schema.fromJsonString(Progress)

const toLines = (items: Selection.Selected["items"], now: DateTime.Utc): string =>
  items.map((item) => `${toJson(toRecord(item, now))}\n`).join("")

/** Exports the authorizations with the passed ids, all at once. */
export const exportSelected = Effect.fnUntraced(function*(
  file: string,
  selection: Selection.Selection,
  advance: (count: number) => Effect.Effect<void>
) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* lock(`${file}.lock`)
  if (yield* fileSystem.exists(file)) return yield* failed(`${file} exists: delete it, or choose another name`)
  const { items, missing } = yield* Selection.collect(selection, advance)
  yield* writeAtomic(file, toLines(items, yield* DateTime.now))
  const { invalidCount } = yield* Connection
  return { count: items.length, missing, invalid: invalidCount() }
}, Effect.scoped)

/** Exports the account page by page, from where an earlier run stopped. */
export const exportPages = Effect.fnUntraced(function*(
  file: string,
  selection: Selection.Selection,
  description: string,
  advance: (count: number) => Effect.Effect<void>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const service = yield* AuthorizationService
  const { account, host, invalidCount, reportInvalid } = yield* Connection
  const target = { host, account: yield* account, selection: description }
  yield* lock(`${file}.lock`)
  const saved = yield* readProgress(file, target)
  const { bytes, completeSince, count, cursor, invalid } = saved
  const hash = yield* hashWritten(file, saved)
  if (completeSince !== undefined) {
    return yield* failed(
      `${file} is complete since ${
        DateTime.formatIso(completeSince)
      }: choose another name, or delete it and ${file}.progress to export again`
    )
  }
  yield* advance(count)
  const opened = yield* fileSystem.open(file, { flag: "a" })

  const end = yield* service.pages({ cursor, team: selection.team, onInvalid: reportInvalid }).pipe(
    Stream.runFoldEffect(() => saved, (total, page) =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const items = page.items.filter((item) => selection.accepts(item, now))
        const lines = new TextEncoder().encode(toLines(items, now))
        // Before the first page.
        if (total === saved) yield* truncate(file, bytes, items)
        yield* nameFile(file)(Effect.andThen(opened.writeAll(lines), opened.sync))
        const next = Option.match(page.next, {
          onNone: () => ({ completeSince: now }),
          onSome: (cursor) => ({ cursor })
        })
        const written = {
          bytes: total.bytes + lines.length,
          sha256: hash.update(lines).copy().digest("hex"),
          count: total.count + items.length,
          invalid: invalid + invalidCount()
        }
        yield* writeAtomic(`${file}.progress`, Schema.encodeSync(ProgressJson)({ ...target, ...written, ...next }))
        yield* advance(items.length)
        return { ...target, ...written }
      }))
  )
  return { count: end.count, missing: [], invalid: end.invalid }
}, Effect.scoped)

type Target = Pick<typeof Progress.Type, "account" | "host" | "selection">

/** Returns the position to continue from. Starts over if the file was deleted, and never overwrites another file. */
const readProgress = Effect.fnUntraced(function*(file: string, target: Target) {
  const fileSystem = yield* FileSystem.FileSystem
  const sha256 = createHash("sha256").digest("hex")
  const initial: typeof Progress.Type = { ...target, bytes: 0, sha256, count: 0, invalid: 0 }
  const text = yield* fileSystem.readFileString(`${file}.progress`).pipe(
    Effect.asSome,
    Effect.catchReason("PlatformError", "NotFound", () => Effect.succeedNone)
  )
  if (Option.isNone(text)) {
    // First, because a run that is killed between the two leaves progress without a file, and the next run starts over.
    yield* writeAtomic(`${file}.progress`, Schema.encodeSync(ProgressJson)(initial))
    const isFree = yield* fileSystem.writeFileString(file, "", { flag: "wx", mode: 0o600 }).pipe(
      Effect.as(true),
      Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.succeed(false))
    )
    if (isFree) return initial
    yield* fileSystem.remove(`${file}.progress`)
    return yield* failed(`${file} exists and is not an unfinished export: delete it, or choose another name`)
  }
  const saved = Schema.decodeOption(ProgressJson)(text.value)
  if (Option.isNone(saved)) return yield* failed(`${file}.progress is damaged: delete it and ${file} to start over`)
  const { account, host, selection } = saved.value
  // Heroku may not have returned the account of one of the runs.
  const isSameAccount = account === target.account || [account, target.account].includes("unknown")
  if (host !== target.host || !isSameAccount || selection !== target.selection) {
    return yield* failed(
      `${file} is an export of account ${account} at ${host} or with other filters: choose another name, or delete it and ${file}.progress`
    )
  }
  if (!(yield* fileSystem.exists(file))) {
    yield* fileSystem.writeFileString(file, "", { flag: "wx", mode: 0o600 })
    return initial
  }
  return saved.value
})

/** Returns the hash of what was written, or fails if the file does not begin with that. */
const hashWritten = Effect.fnUntraced(function*(file: string, { bytes, sha256 }: typeof Progress.Type) {
  const fileSystem = yield* FileSystem.FileSystem
  const hash = createHash("sha256")
  yield* Stream.runForEach(
    fileSystem.stream(file, { bytesToRead: bytes }),
    (chunk) => Effect.sync(() => hash.update(chunk))
  )
  return hash.copy().digest("hex") === sha256 ? hash : yield* otherFile(file)
})

/** Removes lines of a page that were written and not recorded. Fails if the file continues with anything else. */
const truncate = Effect.fnUntraced(function*(file: string, bytes: number, page: Selection.Selected["items"]) {
  const fileSystem = yield* FileSystem.FileSystem
  const otherLine = yield* fileSystem.stream(file, { offset: bytes }).pipe(
    Stream.decodeText,
    Stream.splitLines,
    Stream.zipWithIndex,
    Stream.filter(([line, index]) => {
      const id = page[index]?.id
      const start = id === undefined ? "" : `{"id":${toJson(id)},`
      // The last line may be incomplete.
      return !(start !== "" && line.startsWith(start)) && !start.startsWith(line)
    }),
    Stream.runHead
  )
  if (Option.isSome(otherLine)) return yield* otherFile(file)
  yield* fileSystem.truncate(file, bytes)
})

const otherFile = (file: string): Stop =>
  failed(`${file} is not as this export left it: choose another name, or delete it and ${file}.progress to start over`)
