/**
 * Node's transport: an `HttpClient` straight over the dispatcher of undici, on the pool that Effect's own client uses.
 *
 * Effect's client makes promises, an abort controller and a Node stream of every request, which costs more than the rest of
 * the call (bench/README.md). Here undici calls back, and the pieces of a body are kept until somebody asks for them. What
 * is seldom wanted of a client (other bodies than bytes) goes to Effect's.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import {
  DecodeError,
  EncodeError,
  HttpClientError,
  InvalidUrlError,
  StatusCodeError,
  TransportError
} from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { Agent, Dispatcher } from "undici"
import { ExchangeScope, noteOwn, type OwnResponse, takeBody, TimeIsOver, type WholeExchange } from "./own.ts"
import { after } from "./timer.ts"

/**
 * Undici's pool of connections by itself. With it the package `undici` loads fetch, caches, web sockets and mocks, and
 * takes twice as long (bench/README.md). Should another version have the file elsewhere, all of it is loaded.
 */
const loading: Promise<typeof Agent> = import("undici/lib/dispatcher/agent.js").then(
  (module) => module.default,
  () => import("undici").then((all) => all.Agent)
)
// Whoever builds the layer is told.
loading.catch(() => {})

/** The transport. Its connections are closed with the layer. */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    Effect.acquireRelease(
      Effect.map(Effect.promise(() => loading), (Agent) => new Agent()),
      (agent) => Effect.promise(() => agent.destroy())
    ),
    (agent) =>
      noteOwn(
        HttpClient.makeWith<never, never, HttpClientError, never>(
          Effect.flatMap((request) => send(agent, request)),
          Effect.succeed
        ),
        exchangeOver(agent)
      )
  )
)

const send = (
  dispatcher: Dispatcher,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError> => {
  if (!isPlain(request)) {
    return Effect.flatMap(
      // The connections can do no more than `dispatch` until all of the undici that they are of is loaded.
      Effect.promise(() => Promise.all([import("@effect/platform-node/NodeHttpClient"), import("undici")])),
      ([Effects]) =>
        Effect.flatMap(
          Effect.provideService(Effects.makeUndici, Effects.Dispatcher, dispatcher),
          (client) => client.execute(request)
        )
    )
  }
  return Effect.withFiber((fiber) => {
    const exchange = new Exchange(request)
    // An answer that nobody reads to its end lasts no longer than its exchange: a scope, or else the fiber.
    const scope = Context.get(fiber.context, ExchangeScope)
    if (scope === undefined) fiber.addObserver(() => exchange.abandon())
    const sending = exchange.send(dispatcher)
    return scope === undefined
      ? sending
      : Effect.andThen(Scope.addFinalizer(scope, Effect.sync(() => exchange.abandon())), sending)
  })
}

/** Whether undici's `dispatch` is enough for a request. */
const isPlain = ({ body, headers }: HttpClientRequest.HttpClientRequest): boolean =>
  (body._tag === "Empty" || body._tag === "Uint8Array") && headers["upgrade"] === undefined

/** Not by `send` and `Effect.timeoutOrElse`: that is another fiber, and a tenth of the call. */
const exchangeOver = (dispatcher: Dispatcher): WholeExchange => (request, limit, use) =>
  Effect.withFiber((fiber) => {
    if (!isPlain(request)) {
      const description = "A whole exchange is one of bytes only"
      return Effect.fail(new HttpClientError({ reason: new EncodeError({ request, description }) }))
    }
    const exchange = new Exchange(request)
    let stop = () => {}
    const using = Effect.suspend(() => {
      stop = after(fiber.context, limit, () => exchange.expire())
      return Effect.flatMap(exchange.send(dispatcher), use)
    })
    return Effect.onExit(using, () => {
      stop()
      exchange.abandon()
      return Effect.void
    })
  })

/** Where a request goes, as undici takes it, and its whole URL. */
interface Target {
  readonly origin: string
  readonly path: string
  readonly href: string
}

/** A URL without anything in its path that a parser would change. */
const plainUrl = /^(https?:\/\/[^/]+)(\/[\w/-]*)$/

/** The origin of such a URL that was parsed last. Others that begin with it need not be: that takes 3 µs. */
let plainOrigin = ""

const targetOf = (request: HttpClientRequest.HttpClientRequest): Target | undefined => {
  const { url: href, urlParams } = request
  const plain = urlParams.params.length === 0 ? plainUrl.exec(href) : null
  if (plain !== null && plain[1] === plainOrigin) return { origin: plainOrigin, path: plain[2]!, href }
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
  if (url === undefined) return undefined
  if (plain !== null && plain[1] === url.origin) plainOrigin = url.origin
  return { origin: url.origin, path: url.pathname + url.search, href: url.href }
}

const decoder = new TextDecoder()

type IncomingHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2]

/** How many bytes of a body are kept that nobody has asked for. */
const highWaterMark = 64 * 1024

/** For how much of a body there is room at once, however long it says that it is: more than a page of a list. */
const mostExpected = 2 * 1024 * 1024

const nothing = new Uint8Array(0)

/** A request and its answer, as undici tells of them. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpClientRequest.HttpClientRequest
  #url = ""
  #controller: Dispatcher.DispatchController | undefined
  #answer: (answer: Effect.Effect<Response, HttpClientError>) => void = () => {}
  #response: Response | undefined
  /**
   * What has come of the body and was not taken, in memory of our own. The pieces of undici are not kept: they would get old
   * while a body arrives, and V8 frees what is old seldom.
   */
  #bytes: Uint8Array<ArrayBuffer> = nothing
  /** How many bytes of it are filled. */
  #kept = 0
  /** How many bytes the body is to have; zero where the answer does not say. */
  #length = 0
  /** How the body ended: complete, or with what broke it. */
  #end: { readonly cause: unknown } | "complete" | undefined
  #abandoned = false
  /** How the body is read: as a whole, however long it is, or in pieces, which are not kept. */
  #read: "whole" | "pieces" | undefined
  /** Who waits for more of the body. */
  #waiting: Array<() => void> = []
  #waking = false

  constructor(request: HttpClientRequest.HttpClientRequest) {
    this.#request = request
  }

  /** Sends the request. The answer comes when its headers are there. */
  send(dispatcher: Dispatcher): Effect.Effect<Response, HttpClientError> {
    const { body, headers, method } = this.#request
    const target = targetOf(this.#request)
    if (target === undefined) {
      return Effect.fail(new HttpClientError({ reason: new InvalidUrlError({ request: this.#request }) }))
    }
    const { href, origin, path } = target
    this.#url = href
    return Effect.callback((resume) => {
      this.#answer = resume
      try {
        dispatcher.dispatch({
          origin,
          path,
          method,
          headers,
          body: body._tag === "Uint8Array" ? body.body : null,
          // Whoever sends the request sets its limits.
          headersTimeout: 0,
          bodyTimeout: 0
        }, this)
      } catch (cause) {
        this.#fail(cause)
      }
      return Effect.sync(() => this.abandon())
    })
  }

  /**
   * Not from within undici's parser: it has not done with the request, and may have more of the answer at hand. Nearly
   * every short body is there by then.
   */
  #answerSoon(answer: Effect.Effect<Response, HttpClientError>): void {
    queueMicrotask(() => this.#answer(answer))
  }

  /** Closes the connection, unless the exchange is over. */
  abandon(): void {
    if (this.#end !== undefined) return
    this.#abandoned = true
    this.#controller?.abort(new Error("The request was abandoned"))
  }

  /** Closes the connection, and whoever waits is told that the time is over; unless the exchange is. */
  expire(): void {
    if (this.#end !== undefined) return
    const controller = this.#controller
    this.#abandoned = true
    // First: undici says at once that it was aborted.
    this.#fail(new TimeIsOver())
    controller?.abort(new Error("The time for the request is over"))
  }

  /** The whole body, for who only looks at it. */
  bytes(): Effect.Effect<Uint8Array<ArrayBuffer>, HttpClientError> {
    return this.#whole(() => this.#bytes.subarray(0, this.#kept))
  }

  /** The whole body, for who is the only one to ask for it. It is empty from then on. */
  take(): Effect.Effect<ArrayBuffer, HttpClientError> {
    return this.#whole(() => this.#taken())
  }

  #whole<A>(complete: () => A): Effect.Effect<A, HttpClientError> {
    return Effect.suspend(() => {
      if (this.#read === "pieces") return this.#broken(new Error("The body has been read in pieces"))
      this.#read = "whole"
      return this.#next(() => this.#end === undefined ? undefined : this.#ended(complete))
    })
  }

  #keep(chunk: Uint8Array): void {
    const end = this.#kept + chunk.length
    if (end > this.#bytes.length) {
      const expected = this.#read === "whole" ? Math.min(this.#length, mostExpected) : 0
      const room = Math.max(end, expected, 2 * this.#kept)
      this.#bytes = this.#kept === 0 ? new Uint8Array(room) : new Uint8Array(this.#bytes.buffer.transfer(room))
    }
    this.#bytes.set(chunk, this.#kept)
    this.#kept = end
  }

  #taken(): ArrayBuffer {
    const { buffer } = this.#bytes
    const taken = this.#kept === 0
      ? new ArrayBuffer(0)
      : this.#kept === buffer.byteLength
      ? buffer
      : buffer.transfer(this.#kept)
    this.#bytes = nothing
    this.#kept = 0
    return taken
  }

  /** What has come of the body since it was last asked for; undefined at its end. */
  piece(): Effect.Effect<Uint8Array | undefined, HttpClientError> {
    return Effect.suspend(() => {
      if (this.#read === "whole") return this.#broken(new Error("The body has been read as a whole"))
      this.#read = "pieces"
      return this.#next(() => {
        if (this.#kept === 0) return this.#end === undefined ? undefined : this.#ended(() => undefined)
        return Effect.succeed(new Uint8Array(this.#taken()))
      })
    })
  }

  /** Waits until something can be said of the body. */
  #next<A>(poll: () => Effect.Effect<A, HttpClientError> | undefined): Effect.Effect<A, HttpClientError> {
    const said = poll()
    if (said !== undefined) return said
    return Effect.callback((resume) => {
      const wake = () => {
        const said = poll()
        if (said === undefined) this.#waiting.push(wake)
        else resume(said)
      }
      wake()
      // Last: what undici held back it delivers before this returns, perhaps to the end.
      this.#controller?.resume()
      return Effect.sync(() => this.abandon())
    })
  }

  #ended<A>(complete: () => A): Effect.Effect<A, HttpClientError> {
    const end = this.#end
    return typeof end === "object" ? this.#broken(end.cause) : Effect.sync(complete)
  }

  #broken(cause: unknown): Effect.Effect<never, HttpClientError> {
    return Effect.fail(
      new HttpClientError({ reason: new DecodeError({ request: this.#request, response: this.#response!, cause }) })
    )
  }

  /** Not from within undici's parser: it has not done with the request, and may have more pieces at hand. */
  #wakeSoon(): void {
    if (this.#waiting.length === 0 || this.#waking) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      const waiting = this.#waiting
      this.#waiting = []
      for (const wake of waiting) wake()
    })
  }

  #fail(cause: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { cause }
    this.#controller = undefined
    if (this.#response === undefined) {
      this.#answerSoon(
        Effect.fail(new HttpClientError({ reason: new TransportError({ request: this.#request, cause }) }))
      )
    }
    this.#wakeSoon()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abandoned) controller.abort(new Error("The request was abandoned"))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHeaders
  ): void {
    // They are pieces of what the socket read with them, up to 64 KiB of it. Their list was there before they came: if they
    // took a while it is old, and keeps what is in it until V8 collects everything, so that to let go of it is not enough.
    if (Array.isArray(controller.rawHeaders)) controller.rawHeaders.length = 0
    // What comes before the answer: 100 Continue, 103 Early Hints.
    if (status < 200) return
    this.#length = Number(headers["content-length"]) || 0
    this.#response = new Response(this, this.#request, this.#url, status, headers)
    this.#answerSoon(Effect.succeed(this.#response))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#keep(chunk)
    if (this.#read === "whole") return
    this.#wakeSoon()
    if (this.#kept > highWaterMark) controller.pause()
  }

  onResponseEnd(): void {
    this.#end = "complete"
    this.#controller = undefined
    this.#wakeSoon()
  }

  onResponseError(_: Dispatcher.DispatchController, cause: Error): void {
    this.#fail(cause)
  }
}

/** An answer whose body is read off the connection when it is asked for. */
class Response extends Inspectable.Class implements OwnResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly #exchange: Exchange
  readonly #setCookie: string | Iterable<string>
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly remoteAddress = Option.none<string>()

  constructor(
    exchange: Exchange,
    request: HttpClientRequest.HttpClientRequest,
    url: string,
    status: number,
    headers: IncomingHeaders
  ) {
    super()
    this.#exchange = exchange
    this.request = request
    this.url = url.split("#", 1)[0]!
    this.status = status
    this.headers = Headers.fromInput(headers)
    this.#setCookie = headers["set-cookie"] ?? []
  }

  get text(): Effect.Effect<string, HttpClientError> {
    return Effect.map(this.#exchange.bytes(), (bytes) => decoder.decode(bytes))
  }

  get [takeBody](): Effect.Effect<ArrayBuffer, HttpClientError> {
    return this.#exchange.take()
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError> {
    return Effect.map(this.#exchange.bytes(), (bytes) => bytes.slice().buffer)
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError> {
    const exchange = this.#exchange
    return Stream.unfold(
      undefined,
      () => Effect.map(exchange.piece(), (piece) => piece === undefined ? undefined : [piece, undefined] as const)
    ).pipe(Stream.ensuring(Effect.sync(() => exchange.abandon())))
  }

  /** The same body as fetch has it, for what is seldom asked of one. */
  get #web(): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError> {
    return Effect.map(this.#exchange.bytes(), (bytes) =>
      HttpClientResponse.fromWeb(
        this.request,
        // Without the status: fetch does not know all that there are.
        new globalThis.Response(bytes.length === 0 ? null : new Uint8Array(bytes), { headers: this.headers })
      ))
  }

  get json(): Effect.Effect<Schema.Json, HttpClientError> {
    return Effect.flatMap(this.#web, ({ json }) => json)
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError> {
    return Effect.flatMap(this.#web, ({ urlParamsBody }) => urlParamsBody)
  }

  get formData(): Effect.Effect<FormData, HttpClientError> {
    return Effect.flatMap(this.#web, ({ formData }) => formData)
  }

  get cookies(): Cookies.Cookies {
    return Cookies.fromSetCookie(this.#setCookie)
  }

  get upgrade(): Effect.Effect<Socket.Socket, HttpClientError> {
    return Effect.fail(
      new HttpClientError({
        reason: new StatusCodeError({
          request: this.request,
          response: this,
          description: "An upgrade was not asked for"
        })
      })
    )
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "effect/http/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
}
