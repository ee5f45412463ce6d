/** heroku-client 3, used as its readme shows. It follows Next-Range itself and returns the whole list at the end. */
import HerokuClient from "heroku-client"
import { type Client, inLoops, path, Tally, token, type WireAuthorization } from "./client.ts"

export const client: Client = {
  list: async ({ url }) => {
    const tally = new Tally()
    const items = await new HerokuClient({ host: url, token }).get(path)
    for (const { id } of items as ReadonlyArray<WireAuthorization>) tally.see(id)
    return tally
  },

  calls: async (task) => {
    const tally = new Tally()
    const heroku = new HerokuClient({ host: task.url, token })
    await inLoops(task, async (id) => {
      const authorization = await heroku.get(`${path}/${id}`) as WireAuthorization
      tally.match(id, authorization.id)
    })
    return tally
  }
}
