/** Figures as Markdown tables. */
import { median } from "./measure.ts"

/** A figure with the bound that it has to stay within. */
export interface Target {
  readonly what: string
  readonly measured: number
  readonly bound: "at most" | "at least"
  readonly target: number
}

export const isMet = ({ bound, measured, target }: Target): boolean =>
  bound === "at most" ? measured <= target : measured >= target

export const targetTable = (targets: ReadonlyArray<Target>): string =>
  table(
    ["what", "measured", "target", "met"],
    targets.map((target) => [
      target.what,
      target.measured.toFixed(2),
      `${target.bound} ${target.target}`,
      isMet(target) ? "yes" : "**no**"
    ])
  )

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map((_, column) => column === 0 ? "---" : "---:"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")

/** Formats the median of several rounds, with the minimum and maximum. */
export const spread = (numbers: ReadonlyArray<number>, digits = 0): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${
    Math.max(...numbers).toFixed(digits)
  })`
