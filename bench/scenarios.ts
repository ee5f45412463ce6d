/** The scenarios of the benchmark: what runs, what is compared, and what was to be reached. */
import type { CallsTask, ListTask } from "./clients/client.ts"
import { inTurn, median, type Run, runClient, type Server } from "./measure.ts"
import { spread, table, type Target } from "./report.ts"
import type { Setup } from "./server.ts"

export interface Result {
  readonly title: string
  /** All figures, as a Markdown table. */
  readonly figures: string
  readonly targets: ReadonlyArray<Target>
}

export interface Scenario {
  /** Rounds when the command line names none. */
  readonly rounds: number
  readonly run: (server: Server, rounds: number) => Promise<Result>
}

type Runs = ReadonlyArray<Run>

/** The ratio of two medians. */
const ratio = <A>(ours: ReadonlyArray<A>, theirs: ReadonlyArray<A>, of: (run: A) => number): number =>
  median(ours.map(of)) / median(theirs.map(of))

const list = (server: Server, setup: Setup, client: string, task?: Omit<ListTask, "url">) => () =>
  runClient(server, setup, client, { name: "list", url: server.url, ...task })

const clientTable = (results: Readonly<Record<string, Runs>>): string =>
  table(
    ["client", "CPU ms", "wall ms", "memory MiB", "requests", "server's CPU ms"],
    Object.entries(results).map(([name, runs]) => [
      name,
      spread(runs.map(({ cpu }) => cpu)),
      spread(runs.map(({ wall }) => wall)),
      median(runs.map(({ memory }) => memory)).toFixed(0),
      median(runs.map(({ server }) => server.requests)).toFixed(0),
      median(runs.map(({ server }) => server.cpu)).toFixed(0)
    ])
  )

const sequential: Scenario = {
  rounds: 7,
  run: async (server, rounds) => {
    const setup = { count: 100_000, latency: 0 }
    const results = await inTurn(rounds, {
      "stream, one by one": list(server, setup, "effectHeroku", { by: "element" }),
      "stream, by arrays": list(server, setup, "effectHeroku", { by: "array" }),
      "pages": list(server, setup, "effectHeroku", { by: "page" }),
      "undici": list(server, setup, "undici"),
      "heroku-client": list(server, setup, "herokuClient"),
      "http-call": list(server, setup, "httpCall")
    })
    const ours = results["stream, one by one"]
    return {
      title: "Sequential: 100,000 authorizations, pages of 1000, no latency",
      figures: clientTable(results),
      targets: [
        {
          what: "sequential: CPU to undici",
          measured: ratio(ours, results["undici"], ({ cpu }) => cpu),
          bound: "at most",
          target: 1.5
        },
        {
          what: "sequential: CPU to heroku-client",
          measured: ratio(ours, results["heroku-client"], ({ cpu }) => cpu),
          bound: "at most",
          target: 1.3
        }
      ]
    }
  }
}

const single: Scenario = {
  rounds: 7,
  run: async (server, rounds) => {
    const setup = { count: 100_000, latency: 0 }
    await server.set(setup)
    const ids = await server.ids(100)
    const calls = (client: string, task: Pick<CallsTask, "times" | "concurrency">) => () =>
      runClient(server, setup, client, { name: "calls", url: server.url, ids, ...task })
    const one = { times: 10_000, concurrency: 1 }
    const many = { times: 20_000, concurrency: 64 }
    const results = await inTurn(rounds, {
      "ours, one at a time": calls("effectHeroku", one),
      "undici, one at a time": calls("undici", one),
      "ours, 64 at a time": calls("effectHeroku", many),
      "undici, 64 at a time": calls("undici", many)
    })
    return {
      title: "Single calls: 10,000 `info` one at a time, 20,000 in 64 at a time",
      figures: clientTable(results),
      targets: [
        {
          what: "single: CPU of calls one at a time to undici",
          measured: ratio(results["ours, one at a time"], results["undici, one at a time"], ({ cpu }) => cpu),
          bound: "at most",
          target: 1.6
        },
        {
          what: "single: throughput of 64 at a time to undici",
          measured: ratio(results["undici, 64 at a time"], results["ours, 64 at a time"], ({ wall }) => wall),
          bound: "at least",
          target: 0.6
        }
      ]
    }
  }
}

export const scenarios: Readonly<Record<string, Scenario>> = { sequential, single }
