/** This project's client, used as its README shows. */
import { AuthorizationId } from "@effect-heroku/core/Authorization"
import { AuthorizationService } from "@effect-heroku/core/AuthorizationService"
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { type Client, Tally, token } from "./client.ts"

const run = <A, E>(url: string, program: Effect.Effect<A, E, AuthorizationService>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(program, NodeAuthorizationService.layer({ token: Redacted.make(token), baseUrl: url }))
  )

export const client: Client = {
  list: ({ by = "element", concurrency = 1, pause, url }) =>
    run(
      url,
      Effect.gen(function*() {
        const { pages, stream } = yield* AuthorizationService
        const tally = new Tally()
        switch (by) {
          case "element":
            yield* Stream.runForEach(stream({ concurrency }), ({ id }) => {
              tally.see(id)
              return pause !== undefined && tally.count % pause.every === 0 ? Effect.sleep(pause.millis) : Effect.void
            })
            break
          case "array":
            yield* Stream.runForEachArray(stream({ concurrency }), (items) =>
              Effect.sync(() => {
                for (const { id } of items) tally.see(id)
              }))
            break
          case "page":
            yield* Stream.runForEach(pages({ concurrency }), ({ items }) =>
              Effect.sync(() => {
                for (const { id } of items) tally.see(id)
              }))
        }
        return tally
      })
    ),

  calls: (task) =>
    run(
      task.url,
      Effect.gen(function*() {
        const { info } = yield* AuthorizationService
        const tally = new Tally()
        const ids = task.ids.map((id) => AuthorizationId.make(id))
        yield* Effect.forEach(
          Array.from({ length: task.times }, (_, call) => call),
          (call) => {
            const requested = ids[call % ids.length]!
            return Effect.map(info(requested), ({ id }) => tally.match(requested, id))
          },
          { concurrency: task.concurrency, discard: true }
        )
        return tally
      })
    )
}
