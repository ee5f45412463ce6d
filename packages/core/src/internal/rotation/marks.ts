/** Marks: the last suffix of a description, which records the progress of a rotation in Heroku itself. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Authorization, AuthorizationId, isDirect } from "../../Authorization.ts"
import type { AuthorizationError } from "../../AuthorizationError.ts"
import { isUuid } from "../uuid.ts"

/** The mark of a successor. */
export const replaces = (id: AuthorizationId): string => ` [replaces ${id}]`

/** The mark of an old authorization whose successor is delivered. */
export const replacedBy = (id: AuthorizationId): string => ` [replaced by ${id}]`

/** The mark of an authorization whose tokens are being regenerated. */
export const regenerating = " [regenerating]"

/** A description taken apart. */
export interface Description {
  /** The description without trailing marks. */
  readonly plain: string
  /** The mark at the end, or an empty string. */
  readonly mark: string
  /** The id that a successor's mark names. */
  readonly replaces: AuthorizationId | undefined
  /** The id that an old authorization's mark names. */
  readonly replacedBy: AuthorizationId | undefined
}

const pattern = / \[(?:(replaces|replaced by) (\S+)|regenerating)\]$/

export const parse = (authorization: Authorization): Description => {
  let plain = Option.getOrElse(authorization.description, () => "")
  let last: RegExpExecArray | undefined
  const findMark = (text: string): RegExpExecArray | undefined => {
    const match = pattern.exec(text)
    if (match?.[2] === undefined) return match ?? undefined
    // A description that a person wrote can end with "[replaces jenkins]". That of a client is its name, which others choose.
    return isUuid(match[2]) && isDirect(authorization) ? match : undefined
  }
  for (let match = findMark(plain); match !== undefined; match = findMark(plain)) {
    last ??= match
    plain = plain.slice(0, match.index)
  }
  const [mark = "", kind, id] = last ?? []
  return {
    plain: plain === "" ? "Long-lived user authorization" : plain,
    mark,
    replaces: kind === "replaces" ? AuthorizationId.make(id!) : undefined,
    replacedBy: kind === "replaced by" ? AuthorizationId.make(id!) : undefined
  }
}

/**
 * Writes a marked description. If Heroku rejects it as invalid, writes it once more, no longer than the plain description,
 * whose length Heroku has accepted.
 */
export const writeMarked = <A, E extends AuthorizationError>(
  plain: string,
  mark: string,
  write: (description: string) => Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.catchIf(
    write(plain + mark),
    (error) => error._tag === "InvalidParams",
    () => {
      const characters = Array.from(plain)
      return write(characters.slice(0, Math.max(1, characters.length - mark.length)).join("") + mark)
    }
  )
