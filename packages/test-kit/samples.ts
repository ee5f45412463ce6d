/** Ids and pages made of the documented payload. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import * as payloads from "./payloads.ts"

/** The id of `payloads.full`. */
export const id = AuthorizationId.make(payloads.full.id)

/** Makes a page of `count` authorizations with ascending UUIDs. */
export const page = (count: number, attributes: Partial<typeof payloads.full> = {}) =>
  Array.from({ length: count }, (_, index) => ({
    ...payloads.full,
    id: `01234567-89ab-cdef-0123-${String(index).padStart(12, "0")}`,
    ...attributes
  }))
