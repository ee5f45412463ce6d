/** UUIDs as Heroku writes them. They have a known order, and any is a valid id; of other ids neither is said. */

const hex = (digits: number): string => "[0-9a-f]".repeat(digits)

// Every digit is written out: with counts in braces it takes three times as long.
const uuid = new RegExp(`^${[8, 4, 4, 4, 12].map(hex).join("-")}$`)

/** Whether text is a UUID in lower case. Any version: Heroku's own sample id has none. */
export const isUuid = (text: string): boolean => uuid.test(text)

const lists = new WeakSet<ReadonlyArray<unknown>>()

/** Notes that the ids of a list are all UUIDs, for it to be looked at once only: it takes as long as to decode a date. */
export const noteUuids = (list: ReadonlyArray<unknown>): void => {
  lists.add(list)
}

/** Whether that was noted of a list. */
export const areUuids = (list: ReadonlyArray<unknown>): boolean => lists.has(list)
