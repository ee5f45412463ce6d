/** The scenarios of the benchmark: what runs, what is compared, and what was to be reached. */
import { identity } from "effect/Function"
import type { CallsTask, ListTask } from "./clients/client.ts"
import type { Figures } from "./clients/figures.ts"
import { inTurn, median, type Run, runClient, runStart, type Server } from "./measure.ts"
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

/** The median of the ratios within a round: a machine that gets slower or faster meanwhile is the same to both. */
const ratio = <A>(ours: ReadonlyArray<A>, theirs: ReadonlyArray<A>, of: (run: A) => number): number =>
  median(ours.map((run, round) => of(run) / of(theirs[round]!)))

const list = (
  server: Server,
  setup: Setup,
  client: string,
  task?: Omit<ListTask, "url">,
  nodeOptions?: ReadonlyArray<string>
) =>
() => runClient(server, setup, client, { name: "list", url: server.url, ...task }, nodeOptions)

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

const parallel: Scenario = {
  rounds: 3,
  run: async (server, rounds) => {
    const setup = { count: 100_000, latency: 100 }
    const results = await inTurn(rounds, {
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
          target: 8
        },
        {
          what: "parallel: requests to heroku-client",
          measured: ratio(ours, theirs, ({ server }) => server.requests),
          bound: "at most",
          target: 1.15
        },
        {
          what: "parallel: most requests in flight, of 16",
          measured: Math.max(...ours.map(({ server }) => server.mostInFlight)),
          bound: "at most",
          target: 16
        }
      ]
    }
  }
}

/** Waits as long for every page as a slow consumer would: 1000 authorizations in 20 ms. */
const slow = { every: 500, millis: 10 }

/** A listing whose memory is measured, of many authorizations and of few. */
interface Way {
  readonly client: string
  readonly task: Omit<ListTask, "url">
  /** Milliseconds between a request and its answer; by default none. */
  readonly latency?: number
  readonly nodeOptions?: ReadonlyArray<string>
  /** Whether there is a target for it. */
  readonly isCompared?: boolean
}

/**
 * V8's young generation grows with what survives its collections, and what a request under way takes does. Held at this, what
 * is left is what a listing keeps.
 */
const heldYoung = ["--max-semi-space-size=8"]

const listing = (task: Omit<ListTask, "url">): Way => ({ client: "effectHeroku", task })

const ways: Readonly<Record<string, Way>> = {
  "concurrency 1": { ...listing({}), isCompared: true },
  "concurrency 16": { ...listing({ concurrency: 16 }), isCompared: true },
  "concurrency 1, slow consumer": { ...listing({ pause: slow }), isCompared: true },
  "concurrency 16, slow consumer": { ...listing({ concurrency: 16, pause: slow }), isCompared: true },
  "concurrency 64, slow consumer": { ...listing({ concurrency: 64, pause: slow }), isCompared: true },
  "concurrency 16, slow consumer, 100 ms a page": { ...listing({ concurrency: 16, pause: slow }), latency: 100 },
  "concurrency 16, 100 ms a page": { ...listing({ concurrency: 16 }), latency: 100 },
  "concurrency 16, 100 ms a page, young generation held": {
    ...listing({ concurrency: 16 }),
    latency: 100,
    nodeOptions: heldYoung
  },
  "undici, slow consumer": { client: "undici", task: { pause: slow } }
}

const memory: Scenario = {
  rounds: 3,
  run: async (server, rounds) => {
    const few = 100_000
    const many = 1_000_000
    const results = await inTurn(
      rounds,
      Object.fromEntries(
        Object.entries(ways).flatMap(([name, { client, latency = 0, nodeOptions, task }]) =>
          [few, many].map((count) => [nameOf(count, name), list(server, { count, latency }, client, task, nodeOptions)])
        )
      )
    )
    return {
      title: "Memory: 1,000,000 authorizations and 100,000",
      figures: clientTable(results),
      targets: Object.keys(ways).filter((name) => ways[name]!.isCompared === true).map((name) => ({
        what: `memory: 1,000,000 to 100,000, ${name}`,
        measured: ratio(results[nameOf(many, name)]!, results[nameOf(few, name)]!, (run) => run.memory),
        bound: "at most",
        target: 1.2
      }))
    }
  }
}

const nameOf = (count: number, way: string): string => `${count.toLocaleString("en")}, ${way}`

const start: Scenario = {
  rounds: 25,
  run: async (_, rounds) => {
    const results = await inTurn(rounds, {
      "layer imported and built": () => runStart("start"),
      "the modules it imports": () => runStart("start-modules"),
      "bare Node": () => runStart("start-bare")
    })
    // Node's own start is in all of them, and would make every ratio look better.
    const withoutNode = (of: (run: Figures) => number): number => {
      const own = (runs: ReadonlyArray<Figures>) => runs.map((run, round) => of(run) - of(results["bare Node"][round]!))
      return ratio(own(results["layer imported and built"]), own(results["the modules it imports"]), identity)
    }
    return {
      title: "Start: the layer imported by subpath and built, and the modules of other packages that it needs",
      figures: table(
        ["process", "CPU ms", "wall ms", "memory MiB"],
        Object.entries(results).map(([name, runs]) => [
          name,
          spread(runs.map(({ cpu }) => cpu)),
          spread(runs.map(({ sinceStart }) => sinceStart)),
          spread(runs.map((run) => run.memory))
        ])
      ),
      targets: [
        {
          what: "start: CPU to importing the modules, without Node's own",
          measured: withoutNode(({ cpu }) => cpu),
          bound: "at most",
          target: 1.15
        },
        {
          what: "start: wall to importing the modules, without Node's own",
          measured: withoutNode(({ sinceStart }) => sinceStart),
          bound: "at most",
          target: 1.15
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

const growth: Scenario = {
  rounds: 3,
  run: async (server, rounds) => {
    const counts = [1000, 10_000, 100_000, 1_000_000]
    const of = (client: string) => (count: number) => list(server, { count, latency: 0 }, client)
    const name = (client: string, count: number) => `${client}, ${count.toLocaleString("en")}`
    const results = await inTurn(
      rounds,
      Object.fromEntries([
        ...counts.map((count) => [name("stream", count), of("effectHeroku")(count)] as const),
        ...counts.map((count) => [name("undici", count), of("undici")(count)] as const),
        // The whole list at once, copied for every page: a million would take it minutes.
        ...counts.slice(0, -1).map((count) => [name("heroku-client", count), of("herokuClient")(count)] as const)
      ])
    )
    // What each further authorization costs, between one size and the next.
    const slopes = (from: number, to: number) => {
      const less = results[name("stream", from)]!
      return results[name("stream", to)]!.map(({ cpu }, round) => (cpu - less[round]!.cpu) / (to - from))
    }
    return {
      title: "Growth: pages of 1000, no latency",
      figures: clientTable(results),
      targets: [
        {
          what: "growth: CPU of each authorization after 100,000 to each before",
          measured: ratio(slopes(100_000, 1_000_000), slopes(1000, 100_000), identity),
          bound: "at most",
          target: 1.1
        }
      ]
    }
  }
}

export const scenarios: Readonly<Record<string, Scenario>> = { sequential, parallel, memory, start, single, growth }
