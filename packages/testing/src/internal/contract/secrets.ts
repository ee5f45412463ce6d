import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { missing, type Test, tokenOf, unchecked } from "./test.ts"

export const secrets = (test: Test): void => {
  test("no printed value contains a token or a client secret", function*(service) {
    const created = yield* service.create({ scope: ["read"], expiresIn: Duration.hours(1) })
    const clientSecret = "the-client-secret-of-this-test"
    const client = { id: "no-such-client", secret: Redacted.make(clientSecret) }
    const values: Array<unknown> = [
      created,
      yield* service.info(created.id),
      yield* service.list(),
      yield* Stream.runCollect(service.stream()),
      yield* Effect.exit(service.update(created.id, { client })),
      yield* Effect.exit(service.update(created.id, { description: unchecked(1), client })),
      yield* Effect.exit(service.update(missing, { description: "x", client })),
      yield* Effect.exit(service.info(missing)),
      service
    ]
    const regenerated = yield* service.regenerate(created.id)
    const deleted = yield* service.delete(created.id)
    const gone = yield* Effect.exit(service.regenerate(created.id))
    for (const text of [...values, regenerated, deleted, gone].flatMap(printed)) {
      for (const secret of [tokenOf(created), tokenOf(regenerated), clientSecret]) assert.notInclude(text, secret)
    }
  })
}

const printed = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value) ?? "",
  inspect(value, { depth: Infinity, showHidden: true }),
  ...(Exit.isExit(value) && Exit.isFailure(value) ? [Cause.pretty(value.cause)] : [])
]
