/** Responses that arrived while the process was busy or stopped past a time limit. */
import * as NodeAuthorizationService from "@effect-heroku/http-node/NodeAuthorizationService"
import { isOpensslMissing, skipNote } from "@effect-heroku/test-kit/certificate"
import { head, hostileServer, respond, silence, type Step, useTls } from "@effect-heroku/test-kit/hostileServer"
import { operations } from "@effect-heroku/test-kit/operations"
import * as payloads from "@effect-heroku/test-kit/payloads"
import * as samples from "@effect-heroku/test-kit/samples"
import { nextTick } from "@effect-heroku/test-kit/testTime"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { noRetry, type Options, token } from "./fixtures/liveService.ts"

/** Keeps the process busy for longer than any limit here. */
const blockProcess = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)

const created = respond(201, JSON.stringify(payloads.full))
/** Longer than the buffers of a socket: it arrives in many ticks. */
const longPage = JSON.stringify(samples.page(1000, { description: "Schlüssel 🔑".repeat(250) }))

describe.each(["http", ...(isOpensslMissing ? [] : ["https"])])(`over %s${skipNote}`, (protocol) => {
  const layerFor = (baseUrl: string, options: Options) =>
    NodeAuthorizationService.layer({ token, baseUrl, ...noRetry, ...options })

  it.live.each<[string, Step, "create" | "list", Options]>([
    ["a response, and requestTimeout", created, "create", { requestTimeout: 300 }],
    ["a response, and timeout", created, "create", { timeout: 300 }],
    ["a long page, and requestTimeout", respond(200, longPage), "list", { requestTimeout: 300 }],
    ["a long page, and timeout", respond(200, longPage), "list", { timeout: 300 }]
  ])(
    "a call succeeds when the process is busy while %s expires",
    ([, step, operation, options]) =>
      Effect.gen(function*() {
        if (protocol === "https") useTls()
        const server = yield* hostileServer([(socket) => {
          step(socket)
          blockProcess()
        }])
        yield* Effect.provide(operations[operation], layerFor(server.baseUrl, options))
      })
  )

  it.live("a call fails with reason timeout when the process was busy and no response came", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([(socket) => {
        silence(socket)
        blockProcess()
      }])
      const error = yield* Effect.flip(
        Effect.provide(operations.create, layerFor(server.baseUrl, { requestTimeout: 300 }))
      )
      assert(error._tag === "RequestFailed")
      assert.deepStrictEqual([error.reason, error.outcomeUnknown], ["timeout", true])
    }))

  it.live("an endless response ends at the time limit although every tick brings bytes", () =>
    Effect.gen(function*() {
      const server = yield* hostileServer([(socket) => {
        socket.write(head(200, "Transfer-Encoding: chunked"))
        const pour = setInterval(() => socket.write("1\r\n \r\n"), 1)
        socket.on("close", () => clearInterval(pour))
      }])
      const error = yield* Effect.flip(
        Effect.provide(operations.info, layerFor(server.baseUrl, { requestTimeout: 100 }))
      )
      assert(error._tag === "RequestFailed")
      assert.strictEqual(error.reason, "timeout")
      yield* nextTick
    }))
})
