/** The tasks of the benchmark, and how a client proves that it did one. */

/** Lists every authorization. */
export interface ListTask {
  readonly url: string
  /** Requests in flight, for clients that can have several. */
  readonly concurrency?: number
  /** Waits `millis` after every `every` authorizations, for clients that stream. */
  readonly pause?: { readonly every: number; readonly millis: number }
  /** How authorizations are read, for clients that offer several ways. */
  readonly by?: "element" | "array" | "page"
}

/** Reads single authorizations. */
export interface CallsTask {
  readonly url: string
  readonly ids: ReadonlyArray<string>
  /** Calls in all. */
  readonly times: number
  /** Calls in flight. */
  readonly concurrency: number
}

export interface Client {
  readonly list: (task: ListTask) => Promise<Tally>
  readonly calls: (task: CallsTask) => Promise<Tally>
}

/** The tasks of the benchmark by name. */
export type Task = { readonly name: "list" } & ListTask | { readonly name: "calls" } & CallsTask

/** Counts what a client received: how many authorizations, whether in order, and a checksum of their ids. */
export class Tally {
  count = 0
  inOrder = true
  checksum = 0
  #last = ""

  /** Counts an authorization of a list. */
  see(id: string): void {
    this.count++
    if (id <= this.#last) this.inOrder = false
    this.#last = id
    for (let index = 0; index < 8; index++) this.checksum = (Math.imul(this.checksum, 31) + id.charCodeAt(index)) | 0
  }

  /** Counts a response when it has the requested id. */
  match(requested: string, received: string): void {
    if (requested === received) this.count++
  }
}

/** Returns the id of a call; the ids are used in rotation. */
export const idOf = ({ ids }: CallsTask, call: number): string => ids[call % ids.length]!

/** Runs `concurrency` loops of calls, as programs without Effect do. */
export const inLoops = async (task: CallsTask, call: (id: string) => Promise<void>): Promise<void> => {
  let next = 0
  const loop = async () => {
    while (next < task.times) await call(idOf(task, next++))
  }
  await Promise.all(Array.from({ length: task.concurrency }, loop))
}

export const path = "/oauth/authorizations"

export const token = "HRKU-01234567-89ab-cdef-0123-456789abcdef"

/** The unchecked type that a program without a schema declares. */
export interface WireAuthorization {
  readonly id: string
}
