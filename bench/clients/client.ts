/** What each client is asked to do, and how it shows that it did. */

/** Lists every authorization. */
export interface ListTask {
  readonly url: string
  /** Requests at once, for clients that can. */
  readonly concurrency?: number
  /** Waits so many milliseconds after every so many authorizations, for clients that hand them out as they come. */
  readonly pause?: { readonly every: number; readonly millis: number }
  /** How authorizations are taken, by clients that offer several ways. */
  readonly by?: "element" | "array" | "page"
}

/** Reads authorizations one by one, again and again. */
export interface CallsTask {
  readonly url: string
  readonly ids: ReadonlyArray<string>
  /** Calls in all. */
  readonly times: number
  /** Calls at once. */
  readonly concurrency: number
}

export interface Client {
  readonly list: (task: ListTask) => Promise<Tally>
  readonly calls: (task: CallsTask) => Promise<Tally>
}

/** The tasks of the benchmark by name. */
export type Task = { readonly name: "list" } & ListTask | { readonly name: "calls" } & CallsTask

/** What a client was given: how many, whether in order, and a sum over the ids that tells which ones. */
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

  /** Counts an answer, when it is the one asked for. */
  match(asked: string, answered: string): void {
    if (asked === answered) this.count++
  }
}

/** Every call's id, in turn. */
export const idOf = ({ ids }: CallsTask, call: number): string => ids[call % ids.length]!

/** Runs calls in so many loops at once: how programs without Effect do it. */
export const inLoops = async (task: CallsTask, call: (id: string) => Promise<void>): Promise<void> => {
  let next = 0
  const loop = async () => {
    while (next < task.times) await call(idOf(task, next++))
  }
  await Promise.all(Array.from({ length: task.concurrency }, loop))
}

export const path = "/oauth/authorizations"

export const token = "HRKU-01234567-89ab-cdef-0123-456789abcdef"

/** What people write down by hand of an authorization when nothing checks it. */
export interface WireAuthorization {
  readonly id: string
}
