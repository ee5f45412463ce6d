/** Other clients of Heroku's API, against the fake API behind a real socket. */
import * as FakeHeroku from "@effect-heroku/testing/FakeHeroku"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, layer } from "@effect/vitest"
import { HTTP } from "@heroku/http-call"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import HerokuClient from "heroku-client"
import { createServer } from "node:http"

interface Client {
  readonly get: (path: string, options?: object) => Promise<unknown>
  readonly post: (path: string, options?: object) => Promise<unknown>
  readonly patch: (path: string, options?: object) => Promise<unknown>
  readonly delete: (path: string, options?: object) => Promise<unknown>
}

const path = "/oauth/authorizations"

/** heroku-client 3, used as in its README. */
const herokuClient = (host: string, token: string): Client => new HerokuClient({ host, token })

/** http-call, as the official command line uses it. */
const httpCall = (host: string, token: string): Client => {
  const http = HTTP.create({
    headers: { accept: "application/vnd.heroku+json; version=3", authorization: `Bearer ${token}` }
  })
  const bodyOf = async (response: Promise<HTTP<unknown>>) => (await response).body
  return {
    get: (path, options) => bodyOf(http.get(`${host}${path}`, options)),
    post: (path, options) => bodyOf(http.post(`${host}${path}`, options)),
    patch: (path, options) => bodyOf(http.patch(`${host}${path}`, options)),
    delete: (path, options) => bodyOf(http.delete(`${host}${path}`, options))
  }
}

const known = { id: "01234567-89ab-cdef-0123-456789abcdef", description: "known" }

const layerSandbox = FakeHeroku.layerServer({
  token: "right",
  count: 2500,
  seed: [known],
  defaultAuthorization: known.id
})
  .pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 0 })
    )
  )

const clients = { "heroku-client 3.1.4": herokuClient, "@heroku/http-call 5.6.1": httpCall }

/** The error that a client rejects with, as both report it: the status, and Heroku's body. */
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => assert.fail("the call succeeded"),
    (
      error: { readonly statusCode?: number; readonly body?: unknown; readonly http?: { readonly statusCode: number } }
    ) => ({
      status: error.statusCode ?? error.http?.statusCode,
      body: error.body
    })
  )

for (const [name, make] of Object.entries(clients)) {
  layer(layerSandbox)(name, (it) => {
    const test = (title: string, body: (client: Client, wrong: Client) => Promise<void>) =>
      it.effect(title, () =>
        Effect.gen(function*() {
          const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
          yield* Effect.promise(() => body(make(url, "right"), make(url, "wrong")))
        }))

    test(`${name} lists every authorization, following Next-Range`, async (client) => {
      const all = await client.get(path)
      assert(Array.isArray(all))
      assert.lengthOf(all, 2501)
      assert.lengthOf(new Set(all.map(({ id }) => id)), 2501)
    })

    test(`${name} reads one page of a range`, async (client) => {
      const page = await client.get(path, { partial: true, headers: { Range: "id ..; max=3, order=desc" } })
      assert(Array.isArray(page))
      assert.lengthOf(page, 3)
      assert.deepStrictEqual(page.map(({ id }) => id), page.map(({ id }) => id).toSorted().toReversed())
    })

    test(`${name} creates, reads, updates, regenerates and deletes an authorization`, async (client) => {
      const created = await client.post(path, { body: { description: "created", scope: ["read"], expires_in: 3600 } })
      assert(isAuthorization(created))
      const { access_token: accessToken, client: owner, description, grant, scope } = created
      assert.deepStrictEqual({ description, scope, owner, grant }, {
        description: "created",
        scope: ["read"],
        owner: null,
        grant: null
      })
      assert.strictEqual(accessToken.expires_in, 3600)
      assert.match(accessToken.token, /^HRKU-/)
      const one = `${path}/${created.id}`
      assert.deepInclude(await client.get(one), { id: created.id, description: "created" })
      assert.deepInclude(await client.patch(one, { body: { description: "changed" } }), { description: "changed" })
      const regenerated = await client.post(`${one}/actions/regenerate-tokens`)
      assert(isAuthorization(regenerated))
      assert.notStrictEqual(regenerated.access_token.token, created.access_token.token)
      assert.deepInclude(await client.delete(one), { id: created.id, description: "changed" })
      const gone = await failureOf(client.get(one))
      assert.strictEqual(gone.status, 404)
      assert.deepInclude(gone.body, { id: "not_found", resource: "authorization" })
    })

    test(`${name} reads the default authorization`, async (client) => {
      assert.deepInclude(await client.get(`${path}/~`), known)
    })

    test(`${name} gets the body of an error`, async (client, wrong) => {
      const unauthorized = await failureOf(wrong.get(path))
      assert.deepStrictEqual(unauthorized, {
        status: 401,
        body: { id: "unauthorized", message: "Invalid credentials provided." }
      })
      const invalid = await failureOf(client.post(path, { body: { scope: [] } }))
      assert.strictEqual(invalid.status, 422)
      assert.deepInclude(invalid.body, { id: "invalid_params" })
    })
  })
}

interface Authorization {
  readonly id: string
  readonly description: string
  readonly scope: ReadonlyArray<string>
  readonly client: unknown
  readonly grant: unknown
  readonly access_token: { readonly token: string; readonly expires_in: number | null }
}

const isAuthorization = (u: unknown): u is Authorization =>
  typeof u === "object" && u !== null && "id" in u && "access_token" in u
