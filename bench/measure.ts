/** Runs the server and the clients, each in a process of its own, and collects their figures. */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import type { Tally, Task } from "./clients/client.ts"
import type { Figures } from "./clients/figures.ts"
import { program } from "./install.ts"
import type { Counts, Setup } from "./server.ts"

/** The figures of one run of a client, and those of the server. */
export interface Run extends Figures, Pick<Tally, "count" | "inOrder" | "checksum"> {
  /** Milliseconds from the first call to the last response. */
  readonly wall: number
  readonly server: Counts
}

/** A server process. */
export interface Server {
  readonly url: string
  readonly set: (setup: Setup) => Promise<Counts>
  readonly counts: () => Promise<Counts>
  readonly ids: (most: number) => Promise<ReadonlyArray<string>>
  readonly stop: () => void
}

export const startServerProcess = async (): Promise<Server> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "server.ts")], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  const [url] = await once(createInterface(child.stdout), "line")
  return { ...controlOf(url), stop: () => child.stdin.end() }
}

/** Returns a client of the control path of a server. */
export const controlOf = (url: string): Omit<Server, "stop"> => {
  const request = async (path: string, init?: RequestInit) => (await fetch(`${url}/control${path}`, init)).json()
  return {
    url,
    set: (setup) => request("", { method: "POST", body: JSON.stringify(setup) }),
    counts: () => request(""),
    ids: (most) => request(`/ids/${most}`)
  }
}

const run = promisify(execFile)

/** Runs a client in a process of its own, and checks that it received every authorization. */
export const runClient = async (server: Server, setup: Setup, client: string, task: Task): Promise<Run> => {
  const { checksum } = await server.set(setup)
  const { stdout } = await run(process.execPath, [program("run"), client, JSON.stringify(task)])
  const result: Run = { ...JSON.parse(stdout), server: await server.counts() }
  const isComplete = task.name === "list"
    ? result.count === setup.count && result.inOrder && result.checksum === checksum
    : result.count === task.times
  if (!isComplete) throw new Error(`${client} received something else: ${stdout}`)
  return result
}

/** Runs a program that only starts. */
export const runStart = async (name: string): Promise<Figures> =>
  JSON.parse((await run(process.execPath, [program(name)])).stdout)

const clearLine = "\r\x1b[K"

/** Runs each subject once a round, so that a disturbance of the machine affects all of them. */
export const runRounds = async <Name extends string, A>(
  rounds: number,
  subjects: Readonly<Record<Name, () => Promise<A>>>
): Promise<Record<Name, ReadonlyArray<A>>> => {
  const names = Object.keys(subjects) as Array<Name>
  const results = Object.fromEntries(names.map((name) => [name, [] as Array<A>])) as Record<Name, Array<A>>
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      if (process.stderr.isTTY) process.stderr.write(`${clearLine}round ${round} of ${rounds}: ${name}`)
      results[name].push(await subjects[name]())
    }
  }
  if (process.stderr.isTTY) process.stderr.write(clearLine)
  return results
}

/** Returns the median. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
