/** The figures that a measured process prints about itself before it ends. */
import { writeSync } from "node:fs"

export interface Figures {
  /** Milliseconds of CPU of the whole process, including its start and end. */
  readonly cpu: number
  /** Milliseconds from the start of the process. */
  readonly sinceStart: number
  /** The peak of resident memory, in MiB. */
  readonly memory: number
}

/** Prints the figures, together with `more`, as one line of JSON when the process ends. */
export const printAtExit = (more: () => object): void => {
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
