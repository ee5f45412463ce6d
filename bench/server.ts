/**
 * The server that all clients are measured against, in a process of its own: plain node:http, lists of up to a million
 * authorizations, and as little work for each response as possible. It behaves like Heroku only where the clients depend on
 * it; `FakeHeroku` is the fake server for tests.
 *
 * Authorizations are serialized before anything is measured (a million are 0.8 GB), so that a long list is served as fast
 * as a short one. Their ids are random UUIDs: with evenly spaced ones, segments would begin exactly where pages do.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Tally } from "./clients/client.ts"

/** The body of `POST /control`, which also resets the counts. */
export interface Setup {
  /** The number of authorizations. */
  readonly count: number
  /** Milliseconds between a request and its response. */
  readonly latency: number
}

/** The body of the response to `GET /control` and `POST /control`. */
export interface Counts {
  /** The checksum of all ids, to compare with that of a client's `Tally`. */
  readonly checksum: number
  /** The number of requests since the setup. */
  readonly requests: number
  /** The largest number of requests in flight. Without latency it means nothing, because no request waits. */
  readonly mostInFlight: number
  /** The CPU time of the server, in milliseconds. */
  readonly cpu: number
}

// -----------------------------------------------------------------------------
// Authorizations
// -----------------------------------------------------------------------------

/** Maps each number to a 32-bit number without a pattern, with the finisher of MurmurHash3. */
const scramble = (n: number): number => {
  let bits = Math.imul(n + 1, 0x9e3779b1)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, "0").slice(-digits)

/** Returns a random UUID (version 4) that begins with the given 48 bits. */
const uuid = (start: number, index: number): string => {
  const first = hex(start, 12)
  const a = hex(scramble(index), 8)
  const b = hex(scramble(index ^ 0x55555555), 8)
  return `${first.slice(0, 8)}-${first.slice(8)}-4${a.slice(0, 3)}-a${a.slice(3, 6)}-${a.slice(6)}${b}${a.slice(0, 2)}`
}

/** UUIDs for all fields but the id of an authorization: to create one costs more than the rest of an authorization. */
const uuids = Array.from(
  { length: 4096 },
  (_, index) => uuid(scramble(index) * 2 ** 16 + (scramble(index + 5000) % 2 ** 16), index)
)

const some = (index: number, field: number): string => uuids[scramble(index * 8 + field) % uuids.length]!

/** Returns the first 48 bits of every id, in order. They differ, because `scramble` returns no number twice. */
const makeStarts = (count: number): Float64Array =>
  Float64Array.from(
    { length: count },
    (_, index) => scramble(index) * 2 ** 16 + (scramble(index + 2 ** 31) % 2 ** 16)
  ).toSorted()

/**
 * Returns an authorization with all fields, as Heroku sends it. One of four was created directly, without client, grant,
 * refresh token and session; the others come from a web flow.
 */
const authorization = (id: string, index: number): string => {
  const direct = index % 4 === 0
  const second = String(index % 60).padStart(2, "0")
  const client = index % 50
  const user = index % 100
  return `{"access_token":{"expires_in":${direct ? "null" : 28_799 - index % 28_799},"id":"${some(index, 0)}",`
    + `"token":"HRKU-${some(index, 1)}"},"client":${
      direct ? "null" : `{"id":"${uuids[client]}","name":"Application ${client}",`
        + `"redirect_uri":"https://application-${client}.example.com/auth/heroku/callback"}`
    },"created_at":"2024-03-0${
      1 + index % 9
    }T08:15:${second}Z","description":"Deploy key ${index} of the platform team",`
    + `"grant":${
      direct ? "null" : `{"code":"${some(index, 2)}","expires_in":300,"id":"${some(index, 3)}"}`
    },"id":"${id}","refresh_token":${
      direct ? "null" : `{"expires_in":null,"id":"${some(index, 4)}","token":"HRKU-${some(index, 5)}"}`
    },"scope":${direct ? `["global"]` : `["identity","read-protected","write"]`},"session":${
      direct ? "null" : `{"id":"${some(index, 6)}"}`
    },"updated_at":"2025-11-1${index % 10}T16:40:${second}Z",`
    + `"user":{"email":"user-${user}@example.com","full_name":"Tina Edmonds ${user}","id":"${uuids[100 + user]}"}}`
}

/** The number of authorizations that are serialized together. */
const blockSize = 1000

/** Serialized authorizations, and the offset at which each begins. */
interface Block {
  readonly bytes: Buffer
  readonly offsets: ReadonlyArray<number>
}

class Account {
  readonly count: number
  readonly checksum: number
  readonly #starts: Float64Array
  readonly #blocks: ReadonlyArray<Block>

  constructor(count: number) {
    this.count = count
    this.#starts = makeStarts(count)
    const tally = new Tally()
    for (let index = 0; index < count; index++) tally.see(this.id(index))
    this.checksum = tally.checksum
    this.#blocks = Array.from({ length: Math.ceil(count / blockSize) }, (_, number) => this.#write(number * blockSize))
  }

  id(index: number): string {
    return uuid(this.#starts[index]!, index)
  }

  one(id: string): string | undefined {
    const index = this.before(id, false)
    return index < this.count && this.id(index) === id ? authorization(id, index) : undefined
  }

  /** Counts the authorizations before an id, with or without that id itself. */
  before(id: string, inclusive: boolean): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.id(middle)
      if (inclusive ? other <= id : other < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Returns the body with `size` authorizations from an index on, in ascending or (`step` -1) descending order. */
  page(first: number, size: number, step: 1 | -1): Buffer {
    const buffers: Array<Buffer> = []
    for (let n = 0; n < size; n++) {
      const index = first + n * step
      const { bytes, offsets } = this.#blocks[Math.floor(index / blockSize)]!
      const offset = index % blockSize
      buffers.push(n === 0 ? opening : comma, bytes.subarray(offsets[offset], offsets[offset + 1]))
    }
    return Buffer.concat([...buffers, closing])
  }

  #write(first: number): Block {
    const offsets = [0]
    let text = ""
    for (let index = first; index < Math.min(this.count, first + blockSize); index++) {
      text += authorization(this.id(index), index)
      offsets.push(text.length)
    }
    return { bytes: Buffer.from(text, "latin1"), offsets }
  }
}

const opening = Buffer.from("[")
const comma = Buffer.from(",")
const closing = Buffer.from("]")

// -----------------------------------------------------------------------------
// Requests
// -----------------------------------------------------------------------------

interface Reply {
  readonly status: number
  readonly headers: ReadonlyArray<string>
  readonly body: string | Buffer
}

const failure = (status: number, id: string): Reply => ({
  status,
  headers: [],
  body: JSON.stringify({ id, message: "The request is invalid." })
})

const collection = "/oauth/authorizations"

const reply = (account: Account, path: string, range: string): Reply => {
  if (path === collection) return list(account, range)
  const body = path.startsWith(`${collection}/`) ? account.one(path.slice(collection.length + 1)) : undefined
  return body === undefined ? failure(404, "not_found") : { status: 200, headers: [], body }
}

/** `id [start]..; max=N[, order=desc]`, with a start that is excluded after `]`. No client here requests a range with an end. */
const rangePattern = /^id (\]?)([^.;,\s]*)\.\.(?:;\s*(?:max=(\d+))?(?:,\s*)?(?:order=(asc|desc))?;?)?$/

const list = (account: Account, range: string): Reply => {
  const [, exclusive, start = "", max = "200", order = "asc"] = rangePattern.exec(range) ?? []
  if (exclusive === undefined) return failure(416, "requested_range_not_satisfiable")
  const { count } = account
  const descending = order === "desc"
  const first = descending
    ? (start === "" ? count : account.before(start, exclusive === "")) - 1
    : (start === "" ? 0 : account.before(start, exclusive !== ""))
  const remaining = descending ? first + 1 : count - first
  const size = Math.min(Number(max), 1000, remaining)
  if (size === 0) return { status: 200, headers: [], body: "[]" }
  const step = descending ? -1 : 1
  const last = account.id(first + (size - 1) * step)
  const suffix = `max=${max}${descending ? ", order=desc" : ""}`
  const headers = ["Content-Range", `id ${account.id(first)}..${last}; ${suffix}`]
  if (size < remaining) headers.push("Next-Range", `id ]${last}..; ${suffix}`)
  return { status: size < remaining ? 206 : 200, headers, body: account.page(first, size, step) }
}

/** Headers of every response of Heroku. */
const commonHeaders = [
  "Content-Type",
  "application/json",
  "Accept-Ranges",
  "id",
  "Cache-Control",
  "private, no-cache",
  "ETag",
  "\"0123456789abcdef0123456789abcdef\"",
  "RateLimit-Remaining",
  "4499",
  "RateLimit-Multiplier",
  "1",
  "Request-Id",
  "01234567-89ab-cdef-0123-456789abcdef",
  "Vary",
  "Authorization,Accept-Encoding",
  "X-Content-Type-Options",
  "nosniff"
]

const send = (response: ServerResponse, { body, headers, status }: Reply): void => {
  const length = ["Content-Length", String(Buffer.byteLength(body))]
  response.writeHead(status, [...commonHeaders, ...headers, ...length])
  response.end(body)
}

const readText = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  return text
}

/** A server on the loopback interface. */
export interface BenchServer {
  readonly url: string
  readonly close: () => void
}

/** Starts the server in this process, with an account without authorizations. */
export const startServer = (): Promise<BenchServer> => {
  const accounts = new Map<number, Account>()
  let account = new Account(0)
  let latency = 0
  let requests = 0
  let inFlight = 0
  let mostInFlight = 0
  let cpuBefore = process.cpuUsage()

  const reset = (): void => {
    requests = inFlight = mostInFlight = 0
    cpuBefore = process.cpuUsage()
  }

  const control = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "POST") {
      const setup: Setup = JSON.parse(await readText(request))
      account = accounts.get(setup.count) ?? new Account(setup.count)
      accounts.set(setup.count, account)
      latency = setup.latency
      reset()
    }
    const { system, user } = process.cpuUsage(cpuBefore)
    const counts: Counts = { checksum: account.checksum, requests, mostInFlight, cpu: (user + system) / 1000 }
    send(response, { status: 200, headers: [], body: JSON.stringify(counts) })
  }

  const server = createServer((request, response) => {
    const path = request.url ?? ""
    if (path === "/control") {
      void control(request, response)
      return
    }
    if (path.startsWith("/control/ids/")) {
      send(response, { status: 200, headers: [], body: JSON.stringify(ids(account, Number(path.slice(13)))) })
      return
    }
    requests++
    mostInFlight = Math.max(mostInFlight, ++inFlight)
    const respond = () => {
      // Counted before the response is sent: the client may send its next request before this process hears of its end.
      inFlight--
      send(response, reply(account, path, request.headers.range ?? "id .."))
    }
    if (latency === 0) respond()
    else setTimeout(respond, latency)
  })
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resolve({
        url: `http://127.0.0.1:${port}`,
        close: () => {
          server.close()
          server.closeAllConnections()
        }
      })
    })
  )
}

/** Returns ids from the whole list, evenly spaced. */
const ids = (account: Account, most: number): ReadonlyArray<string> => {
  const size = Math.min(most, account.count)
  return Array.from({ length: size }, (_, n) => account.id(Math.floor(n * account.count / size)))
}

// A process of its own, which ends with its parent.
if (import.meta.main) {
  const { url } = await startServer()
  console.log(url)
  process.stdin.resume().on("end", () => process.exit())
}
