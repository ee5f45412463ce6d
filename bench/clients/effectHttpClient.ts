/** Effect's `node:http` client and JSON.parse, without any check: the part of our time that is not ours. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import { type Client, path, Tally, token, type WireAuthorization } from "./client.ts"

const headers = { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` }

const run = <A, E>(program: Effect.Effect<A, E, HttpClient.HttpClient>): Promise<A> =>
  Effect.runPromise(Effect.provide(program, NodeHttpClient.layerNodeHttp))

interface Response {
  readonly body: unknown
  readonly nextRange: string | undefined
}

const get = (url: string, range?: string) =>
  Effect.gen(function*() {
    const response = yield* HttpClient.get(url, { headers: range === undefined ? headers : { ...headers, range } })
    const body: unknown = JSON.parse(yield* response.text)
    return { body, nextRange: response.headers["next-range"] }
  })

export const client: Client = {
  list: ({ url }) =>
    run(Effect.gen(function*() {
      const tally = new Tally()
      let range: string | undefined = "id ..; max=1000"
      while (range !== undefined) {
        const page: Response = yield* get(url + path, range)
        for (const { id } of page.body as ReadonlyArray<WireAuthorization>) tally.see(id)
        range = page.nextRange
      }
      return tally
    })),

  calls: async (task) => {
    const tally = new Tally()
    await run(Effect.forEach(
      Array.from({ length: task.times }, (_, call) => task.ids[call % task.ids.length]!),
      (id) =>
        Effect.map(get(`${task.url}${path}/${id}`), ({ body }) => tally.match(id, (body as WireAuthorization).id)),
      { concurrency: task.concurrency, discard: true }
    ))
    return tally
  }
}
