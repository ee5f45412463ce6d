/** UUIDs as Heroku writes them. They have a known order, and any is a valid id; of other ids neither is said. */

/** Whether text is a UUID in lower case. Any version: Heroku's own sample id has none. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
