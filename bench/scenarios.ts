/** The scenarios of the benchmark: the runs, the compared ratios, and the target of each. */
import type { CallsTask, ListTask } from "./clients/client.ts"
import { median, type Run, runClient, runRounds, runStart, type Server } from "./measure.ts"
import { spread, table, type Target } from "./report.ts"
import type { Setup } from "./server.ts"

export interface Result {
  readonly title: string
  /** All figures, as a Markdown table. */
  readonly figures: string
  readonly targets: ReadonlyArray<Target>
}

export interface Scenario {
  /** The default number of rounds. */
  readonly rounds: number
  readonly run: (server: Server, rounds: number) => Promise<Result>
}

type Runs = ReadonlyArray<Run>

/** Returns the median of the ratios within a round, so that a machine that slows down affects both sides. */
const ratio = <A>(ours: ReadonlyArray<A>, theirs: ReadonlyArray<A>, of: (run: A) => number): number =>
  median(ours.map((run, round) => of(run) / of(theirs[round]!)))

const atMost = (target: number, what: string, measured: number): Target => ({
  what,
  measured,
  bound: "at most",
  target
})

const list = (server: Server, setup: Setup, client: string, task?: Omit<ListTask, "url">) => () =>
  runClient(server, setup, client, { name: "list", url: server.url, ...task })

const clientTable = (results: Readonly<Record<string, Runs>>): string =>
  table(
    ["client", "CPU ms", "wall ms", "memory MiB", "requests", "server's CPU ms"],
    Object.entries(results).map(([name, runs]) => [
      name,
      spread(runs.map(({ cpu }) => cpu)),
      spread(runs.map(({ wall }) => wall)),
      spread(runs.map(({ memory }) => memory)),
      spread(runs.map(({ server }) => server.requests)),
      spread(runs.map(({ server }) => server.cpu))
    ])
  )

const sequential: Scenario = {
  rounds: 7,
  run: async (server, rounds) => {
    const setup = { count: 100_000, latency: 0 }
    const results = await runRounds(rounds, {
      "stream, by element": list(server, setup, "effectHeroku", { by: "element" }),
      "stream, by array": list(server, setup, "effectHeroku", { by: "array" }),
      "pages": list(server, setup, "effectHeroku", { by: "page" }),
      "undici": list(server, setup, "undici"),
      "Effect's HttpClient": list(server, setup, "effectHttpClient"),
      "heroku-client": list(server, setup, "herokuClient"),
      "http-call": list(server, setup, "httpCall")
    })
    const ours = results["stream, by element"]
    const { "heroku-client": herokuClient, undici } = results
    return {
      title: "Sequential: 100,000 authorizations, pages of 1000, no latency",
      figures: clientTable(results),
      targets: [
        atMost(2, "sequential: CPU to undici", ratio(ours, undici, ({ cpu }) => cpu)),
        atMost(1.7, "sequential: CPU to heroku-client", ratio(ours, herokuClient, ({ cpu }) => cpu)),
        atMost(1, "sequential: memory to heroku-client", ratio(ours, herokuClient, ({ memory }) => memory))
      ]
    }
  }
}

const parallel: Scenario = {
  rounds: 3,
  run: async (server, rounds) => {
    const setup = { count: 100_000, latency: 100 }
    const results = await runRounds(rounds, {
      "stream, concurrency 16": list(server, setup, "effectHeroku", { concurrency: 16 }),
      "stream, concurrency 1": list(server, setup, "effectHeroku"),
      "heroku-client": list(server, setup, "herokuClient")
    })
    const ours = results["stream, concurrency 16"]
    const theirs = results["heroku-client"]
    return {
      title: "Parallel: 100,000 authorizations, pages of 1000, 100 ms a page",
      figures: clientTable(results),
      targets: [
        {
          what: "parallel: times faster than heroku-client",
          measured: ratio(theirs, ours, ({ wall }) => wall),
          bound: "at least",
          target: 10
        },
        atMost(1.15, "parallel: requests to heroku-client", ratio(ours, theirs, ({ server }) => server.requests)),
        atMost(16, "parallel: requests in flight", Math.max(...ours.map(({ server }) => server.mostInFlight)))
      ]
    }
  }
}

/** A slow consumer: it waits 10 ms after every 500 authorizations, twice for each page. */
const pause = { every: 500, millis: 10 }

const million: Scenario = {
  rounds: 3,
  run: async (server, rounds) => {
    const few = { count: 100_000, latency: 0 }
    const many = { count: 1_000_000, latency: 0 }
    const results = await runRounds(rounds, {
      "100,000, concurrency 1": list(server, few, "effectHeroku"),
      "1,000,000, concurrency 1": list(server, many, "effectHeroku"),
      "100,000, concurrency 16": list(server, few, "effectHeroku", { concurrency: 16 }),
      "1,000,000, concurrency 16": list(server, many, "effectHeroku", { concurrency: 16 }),
      "1,000,000, concurrency 1, slow consumer": list(server, many, "effectHeroku", { pause }),
      "1,000,000, concurrency 16, slow consumer": list(server, many, "effectHeroku", { concurrency: 16, pause }),
      "100,000, undici": list(server, few, "undici"),
      "1,000,000, undici": list(server, many, "undici")
    })
    return {
      title: "A million: 1,000,000 authorizations and 100,000, pages of 1000, no latency",
      figures: clientTable(results),
      targets: [
        ...([1, 16] as const).map((concurrency) =>
          atMost(
            2.5,
            `million: memory to 100,000, concurrency ${concurrency}`,
            ratio(
              results[`1,000,000, concurrency ${concurrency}`],
              results[`100,000, concurrency ${concurrency}`],
              ({ memory }) => memory
            )
          )
        ),
        atMost(
          2,
          "million: memory of a slow consumer, concurrency 16 to 1",
          ratio(
            results["1,000,000, concurrency 16, slow consumer"],
            results["1,000,000, concurrency 1, slow consumer"],
            ({ memory }) => memory
          )
        )
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
    const results = await runRounds(rounds, {
      "ours, concurrency 1": calls("effectHeroku", one),
      "Effect's HttpClient, concurrency 1": calls("effectHttpClient", one),
      "undici, concurrency 1": calls("undici", one),
      "ours, concurrency 64": calls("effectHeroku", many),
      "Effect's HttpClient, concurrency 64": calls("effectHttpClient", many),
      "undici, concurrency 64": calls("undici", many)
    })
    return {
      title: "Single calls: 10,000 `info` calls one by one, and 20,000 with concurrency 64",
      figures: clientTable(results),
      targets: ([1, 64] as const).map((concurrency) =>
        atMost(
          3.5,
          `single: CPU to undici, concurrency ${concurrency}`,
          ratio(
            results[`ours, concurrency ${concurrency}`],
            results[`undici, concurrency ${concurrency}`],
            ({ cpu }) => cpu
          )
        )
      )
    }
  }
}

const start: Scenario = {
  rounds: 25,
  run: async (_, rounds) => {
    const results = await runRounds(rounds, {
      "layer imported and built": () => runStart("start"),
      "bare Node": () => runStart("start-bare")
    })
    const ours = results["layer imported and built"]
    const bare = results["bare Node"]
    return {
      title: "Start: a process that imports the layer by subpath and builds it",
      figures: table(
        ["process", "CPU ms", "wall ms", "memory MiB"],
        Object.entries(results).map(([name, runs]) => [
          name,
          spread(runs.map(({ cpu }) => cpu)),
          spread(runs.map(({ sinceStart }) => sinceStart)),
          spread(runs.map(({ memory }) => memory))
        ])
      ),
      // The ratios of the release with a transport of its own.
      targets: [
        atMost(10.7, "start: CPU to bare Node", ratio(ours, bare, ({ cpu }) => cpu)),
        atMost(10.3, "start: wall to bare Node", ratio(ours, bare, ({ sinceStart }) => sinceStart))
      ]
    }
  }
}

export const scenarios: Readonly<Record<string, Scenario>> = { sequential, parallel, million, single, start }
