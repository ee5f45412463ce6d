/** UUIDs as Heroku writes them. They have a known order, and any is a valid id; of other ids neither is said. */

const hex = (digits: number): string => "[0-9a-f]".repeat(digits)

// Every digit is written out: with counts in braces it takes three times as long.
const uuid = new RegExp(`^${[8, 4, 4, 4, 12].map(hex).join("-")}$`)

/** Whether text is a UUID in lower case. Any version: Heroku's own sample id has none. */
export const isUuid = (text: string): boolean => uuid.test(text)
