/** The baseline: a bare loop over undici's `request` and JSON.parse, without any check. */
import { setTimeout as sleep } from "node:timers/promises"
import { type Dispatcher, request } from "undici"
import { type Client, inLoops, path, Tally, token, type WireAuthorization } from "./client.ts"

const headers = { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` }

export const client: Client = {
  list: async ({ pause, url }) => {
    const tally = new Tally()
    let range: string | undefined = "id ..; max=1000"
    while (range !== undefined) {
      const response: Dispatcher.ResponseData = await request(url + path, { headers: { ...headers, range } })
      const items: ReadonlyArray<WireAuthorization> = JSON.parse(await response.body.text())
      for (const { id } of items) {
        tally.see(id)
        if (pause !== undefined && tally.count % pause.every === 0) await sleep(pause.millis)
      }
      range = response.headers["next-range"]?.toString()
    }
    return tally
  },

  calls: async (task) => {
    const tally = new Tally()
    await inLoops(task, async (id) => {
      const response = await request(`${task.url}${path}/${id}`, { headers })
      const authorization: WireAuthorization = JSON.parse(await response.body.text())
      tally.match(id, authorization.id)
    })
    return tally
  }
}
