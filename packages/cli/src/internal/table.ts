/** An aligned table for terminals. */
import { fit, shorten, widthOf } from "./text.ts"

/** Formats rows below a heading, as wide as their content. With `width`, lines that are wider are shortened. */
export const formatTable = (
  heading: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  width = Infinity
): ReadonlyArray<string> => {
  const widths = heading.map((title, column) =>
    // Not `Math.max(...)`, which takes no more than about 100,000 arguments.
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? "")), title.length)
  )
  return [heading, ...rows].map((row) =>
    shorten(row.map((cell, column) => fit(cell, widths[column] ?? 0)).join("  ").trimEnd(), width)
  )
}

/** Formats labels and their values, one pair a line. */
export const formatFields = (fields: ReadonlyArray<readonly [label: string, value: string]>): ReadonlyArray<string> =>
  fields.map(([label, value]) => `${`${label}:`.padEnd(14)}${value}`.trimEnd())
