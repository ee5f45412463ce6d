/** The marks with which `Rotation` records its progress at the end of descriptions. */
import type { Authorization } from "@effect-heroku/core/Authorization"
import * as Option from "effect/Option"

const pattern = / \[(?:replaces ([\da-f-]{36})|replaced by [\da-f-]{36}|regenerating)\]$/

/** Returns a description without its mark. */
export const withoutMark = (description: string): string => description.replace(pattern, "")

const findMark = ({ description }: Authorization) => pattern.exec(Option.getOrElse(description, () => ""))

/** Whether a rotation of the authorization has begun and is not complete. */
export const isMarked = (item: Authorization): boolean => findMark(item) !== null

/** Returns the id that a successor replaces. */
export const findReplaced = (item: Authorization): string | undefined => findMark(item)?.[1]

/** Whether a regeneration of the authorization has begun and is not complete. */
export const isRegenerating = (item: Authorization): boolean => findMark(item)?.[0] === " [regenerating]"
