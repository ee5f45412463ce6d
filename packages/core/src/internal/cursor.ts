/** The text of a cursor: the next range of a listing, after the team if it is a listing of a team. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Team } from "./pathSegments.ts"

/** The parts of a cursor. */
export interface Parts {
  /** The value of the `Range` header. */
  readonly range: string
  /** The name or id of the team. `undefined`: the listing of the account. */
  readonly team: string | undefined
}

/** Joins the parts of a cursor. */
export const format = ({ range, team }: Parts): string =>
  team === undefined ? range : `team=${encodeURIComponent(team)} ${range}`

/** Splits a cursor. `None` when its team is invalid. */
export const parse = (text: string): Option.Option<Parts> => {
  const [, encoded, range = text] = /^team=(\S*) (.*)$/.exec(text) ?? []
  if (encoded === undefined) return Option.some({ range, team: undefined })
  return Option.map(decodeTeam(encoded), (team) => ({ range, team }))
}

const decodeTeam = Schema.decodeUnknownOption(Schema.StringFromUriComponent.pipe(Schema.decodeTo(Team)))
