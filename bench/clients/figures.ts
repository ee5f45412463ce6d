/** What a measured process tells of itself, as its last deed. */
import { writeSync } from "node:fs"

export interface Figures {
  /** Milliseconds of CPU of the whole process, start and end included. */
  readonly cpu: number
  /** Milliseconds from the start of the process. */
  readonly sinceStart: number
  /** The most memory that the process had at once, in MiB. */
  readonly memory: number
}

/** Prints the figures and whatever else there is to tell, as one line of JSON, when the process ends. */
export const tellAtExit = (more: () => object): void => {
  process.on("exit", () => {
    const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
    const figures: Figures = {
      cpu: (userCPUTime + systemCPUTime) / 1000,
      sinceStart: performance.now(),
      memory: maxRSS / 1024
    }
    writeSync(1, `${JSON.stringify({ ...figures, ...more() })}\n`)
  })
}
