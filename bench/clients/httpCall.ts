/** http-call, used as the official command line uses it. It follows Next-Range itself, here in pages of 1000. */
import { HTTP } from "@heroku/http-call"
import { type Client, inLoops, path, Tally, token, type WireAuthorization } from "./client.ts"

const http = HTTP.create({
  headers: { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` }
})

export const client: Client = {
  list: async ({ url }) => {
    const tally = new Tally()
    const { body } = await http.get<ReadonlyArray<WireAuthorization>>(url + path, {
      headers: { range: "id ..; max=1000" }
    })
    for (const { id } of body) tally.see(id)
    return tally
  },

  calls: async (task) => {
    const tally = new Tally()
    await inLoops(task, async (id) => {
      const { body } = await http.get<WireAuthorization>(`${task.url}${path}/${id}`)
      tally.match(id, body.id)
    })
    return tally
  }
}
