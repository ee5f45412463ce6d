/** The properties of each operation. */
import type { InfoError, ListError, Operation } from "../AuthorizationError.ts"

/** The errors of an operation. */
export type ErrorOf<O extends Operation> = O extends "create" | "list" ? ListError : InfoError

/** Returns whether an operation changes anything at Heroku. */
export const changesState = (operation: Operation): boolean => operation !== "info" && operation !== "list"

/** Returns the statuses with which an operation succeeds. */
export const expectedStatuses = (operation: Operation): ReadonlyArray<number> => {
  switch (operation) {
    case "create":
      return [201]
    case "list":
      return [200, 206]
    default:
      return [200]
  }
}
