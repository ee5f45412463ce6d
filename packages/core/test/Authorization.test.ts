import {
  Authorization,
  AuthorizationId,
  CreateAuthorization,
  expiresAt,
  hasGlobalScope,
  isDirect,
  isExpired,
  maxLifetimeSeconds,
  neverExpires,
  UpdateAuthorization
} from "@effect-heroku/core/Authorization"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { validateAuthorization, validateTypes } from "@effect-heroku/test-kit/publishedSchema"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const encode = Schema.encodeSync(Authorization.FromWire)
const problemOf = <T, E>(schema: Schema.Codec<T, E>, input: unknown): string =>
  Result.match(Schema.decodeUnknownResult(schema)(input), {
    onSuccess: () => "accepted",
    onFailure: ({ message }) => message
  })

describe("Authorization.FromWire", () => {
  it.each(Object.entries(payloads).filter(([name]) => name !== "rateLimited"))(
    "decodes the payload %s, and encodes it to JSON that the published schema accepts",
    (_, payload) => {
      const wire = JSON.parse(JSON.stringify(encode(decode(payload))))
      assert.deepStrictEqual(validateAuthorization(wire), [])
      assert.deepStrictEqual(decode(wire), decode(payload))
    }
  )

  it("keeps every attribute", () => {
    const authorization = decode(payloads.full)
    assert.instanceOf(authorization, Authorization)
    const id = payloads.full.id
    const month = Option.some(Duration.seconds(2592000))
    const token = { id, token: Redacted.make(`HRKU-${id}`, { label: "token" }), expiresIn: month }
    const created = DateTime.makeUnsafe("2012-01-01T12:00:00Z")
    assert.deepStrictEqual(
      authorization,
      new Authorization({
        id: AuthorizationId.make(id),
        description: Option.some("sample authorization"),
        scope: ["global"],
        accessToken: Option.some(token),
        refreshToken: Option.some(token),
        client: Option.some({ id, name: "example", redirectUri: "https://example.com/auth/heroku/callback" }),
        grant: Option.some({
          id: Option.some(id),
          code: Redacted.make(id, { label: "grant code" }),
          expiresIn: month
        }),
        session: Option.some({ id }),
        user: Option.some({
          id,
          email: Option.some("username@example.com"),
          fullName: Option.some("Tina Edmonds")
        }),
        createdAt: created,
        updatedAt: created
      })
    )
  })

  it("reads null and absent alike, and ignores unknown keys", () => {
    const { client: _, grant: __, ...absent } = payloads.direct
    assert.deepStrictEqual(decode({ ...absent, surprise: 1 }), decode(payloads.direct))
  })

  it("accepts scopes that nobody documented", () => {
    assert.deepStrictEqual(decode({ ...payloads.full, scope: ["app", "user"] }).scope, ["app", "user"])
  })

  it.each([[-3, 0], [1.7, 1], [1e16, maxLifetimeSeconds], [Number.MAX_VALUE, maxLifetimeSeconds]])(
    "takes a lifetime of %d seconds for %d: one number out of range must not break a listing",
    (expires_in, seconds) => {
      const odd = decode({ ...payloads.full, access_token: { ...payloads.full.access_token, expires_in } })
      const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
      const expiry = Option.getOrThrow(expiresAt(odd, now))
      assert.strictEqual(DateTime.toEpochMillis(expiry) - DateTime.toEpochMillis(now), seconds * 1000)
      assert.isString(DateTime.formatIso(expiry))
      assert.strictEqual(isExpired(odd, now), seconds === 0)
    }
  )

  it.effect.prop(
    "gives back what it encoded, through JSON",
    { authorization: Authorization },
    ({ authorization }) =>
      Effect.sync(() => {
        const wire = JSON.parse(JSON.stringify(encode(authorization)))
        assert.deepStrictEqual(validateTypes(wire), [])
        assert.isTrue(Equal.equals(decode(wire), authorization))
      })
  )

  const Hostile = Schema.Union([
    Schema.Null,
    Schema.Literals([true, 0, -1, 1e300, "", "S3CR3T", "\ud800", "9".repeat(10_000), "2012-13-01T00:00:00Z"])
  ])
  const Wrapping = Schema.Literals(["none", "array", "key", "object"])
  const hostile = Arbitrary.map(
    Arbitrary.all([Arbitrary.schema(Hostile), Arbitrary.schema(Wrapping)]),
    ([value, wrapping]): unknown => {
      const wrapped = { array: [value], key: { S3CR3T: value }, object: { id: value, token: [value], code: "S3CR3T" } }
      return wrapping === "none" ? value : wrapped[wrapping]
    }
  )

  it.effect.prop(
    "reads whatever stands in the place of an attribute, or refuses it without quoting it",
    {
      authorization: Authorization,
      key: Schema.Literals(Object.keys(payloads.full) as [keyof typeof payloads.full]),
      inner: Schema.Literals(["id", "token", "code", "expires_in", "name"]),
      value: hostile
    },
    ({ authorization, inner, key, value }) =>
      Effect.sync(() => {
        const wire = JSON.parse(JSON.stringify(encode(authorization)))
        const part = wire[key]
        const changes = [{ ...wire, [key]: value }]
        if (typeof part === "object" && part !== null) changes.push({ ...wire, [key]: { ...part, [inner]: value } })
        for (const changed of changes) {
          Result.match(Schema.decodeUnknownResult(Authorization.FromWire)(changed), {
            onFailure: ({ message }) => assert.notMatch(message, /S3CR3T|9999/),
            onSuccess: (read) => assert.isTrue(Equal.equals(decode(JSON.parse(JSON.stringify(encode(read)))), read))
          })
        }
      }),
    { arbitrary: { runs: runs(1000) } }
  )

  it("never prints a token or a grant code", () => {
    const authorization = decode({
      ...payloads.full,
      access_token: { ...payloads.full.access_token, token: "HRKU-access" },
      refresh_token: { ...payloads.full.refresh_token, token: "HRKU-refresh" },
      grant: { ...payloads.full.grant, code: "grant-code" }
    })
    const printed = [
      inspect(authorization, { depth: null, showHidden: true }),
      JSON.stringify(authorization),
      String(authorization)
    ].join()
    assert.notMatch(printed, /HRKU-|grant-code/)
    assert.match(printed, /<redacted:token>/)
    for (const shown of [inspect(authorization), JSON.stringify(authorization), String(authorization)]) {
      assert.include(shown, authorization.id)
    }
  })

  it.each([
    ["a token that is a number", { access_token: { ...payloads.full.access_token, token: 73657 } }],
    ["a token in the place of its object", { access_token: "73657" }],
    ["a grant code in an array", { grant: { ...payloads.full.grant, code: ["73657"] } }]
  ])("does not quote %s when it refuses it", (_, change) => {
    const result = Schema.decodeUnknownResult(Authorization.FromWire)({ ...payloads.full, ...change })
    assert.isTrue(Result.isFailure(result))
    assert.notInclude(inspect(result, { depth: null, showHidden: true }), "73657")
  })
})

describe("AuthorizationId", () => {
  it.effect.prop("can be generated", { id: AuthorizationId }, ({ id }) => Effect.sync(() => assert.isNotEmpty(id)))

  it.each(["01234567-89ab-cdef-0123-456789abcdef", "4UTHOri24tIoN-iD-3X4mPl3", "~", "a/b", "..a", "100%", "ü"])(
    "accepts %s",
    (id) => assert.strictEqual(problemOf(AuthorizationId, id), "accepted")
  )

  it.each([
    ["", /must not be empty/],
    ["  ", /must not be blank/],
    [".", /dot segment/],
    ["..", /dot segment/],
    ["\ud800", /well-formed/],
    ["a\n", /control characters/],
    ["\0", /control characters/]
  ])("refuses %j", (id, problem) => assert.match(problemOf(AuthorizationId, id), problem))
})

describe("inputs", () => {
  it.effect.prop(
    "are read back as they were written, through JSON",
    { create: CreateAuthorization, description: Schema.optional(Schema.String), secret: Schema.NonEmptyString },
    ({ create, description, secret }) =>
      Effect.sync(() => {
        const through = <T, E>(schema: Schema.Codec<T, E>, input: T): T =>
          Schema.decodeUnknownSync(schema)(JSON.parse(JSON.stringify(Schema.encodeSync(schema)(input))))
        const given = (input: object) =>
          Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
        const update = { description, client: { id: "c", secret: Redacted.make(secret) } }
        assert.deepStrictEqual({ ...through(CreateAuthorization, create) }, given(create))
        assert.isTrue(Equal.equals(through(UpdateAuthorization, update), given(update)))
      })
  )
})

describe("CreateAuthorization", () => {
  it("is written as Heroku reads it", () => {
    assert.deepStrictEqual(
      Schema.encodeSync(CreateAuthorization)({
        scope: ["global", "app"],
        description: "ci",
        expiresIn: Duration.days(30),
        client: "01234567-89ab-cdef-0123-456789abcdef"
      }),
      {
        scope: ["global", "app"],
        description: "ci",
        expires_in: 2592000,
        client: "01234567-89ab-cdef-0123-456789abcdef"
      }
    )
  })

  it("takes undefined for absent", () => {
    const input = { scope: ["read"], description: undefined, expiresIn: undefined, client: undefined }
    assert.strictEqual(problemOf(Schema.toType(CreateAuthorization), input), "accepted")
    assert.strictEqual(JSON.stringify(Schema.encodeSync(CreateAuthorization)(input)), `{"scope":["read"]}`)
  })

  it.each([
    ["no scope", {}, /scope/],
    ["an empty scope list", { scope: [] }, /must name one scope or more/],
    ["an empty scope", { scope: [""] }, /scope/],
    ["a negative lifetime", { scope: ["global"], expiresIn: Duration.seconds(-1) }, /expiresIn/],
    ["a fraction of a second", { scope: ["global"], expiresIn: Duration.millis(1500) }, /expiresIn/],
    ["a lifetime of more than three thousand years", {
      scope: ["global"],
      expiresIn: Duration.seconds(maxLifetimeSeconds + 1)
    }, /expiresIn/],
    ["a number for a lifetime", { scope: ["global"], expiresIn: 7 }, /a Duration of whole seconds, zero or more/],
    ["an infinite lifetime", { scope: ["global"], expiresIn: Duration.infinity }, /expiresIn/],
    ["an empty client", { scope: ["global"], client: "" }, /client/]
  ])("refuses %s", (_, input, problem) => assert.match(problemOf(Schema.toType(CreateAuthorization), input), problem))
})

describe("UpdateAuthorization", () => {
  it("is written as Heroku reads it", () => {
    assert.deepStrictEqual(
      Schema.encodeSync(UpdateAuthorization)({ description: "", client: { id: "c", secret: Redacted.make("s") } }),
      { description: "", client: { id: "c", secret: "s" } }
    )
  })

  it.each([
    ["nothing to change", {}, /nothing to change/],
    ["a client without secret", { client: { id: "c" } }, /secret/],
    ["an empty client secret", { client: { id: "c", secret: Redacted.make("") } }, /must not be empty/]
  ])("refuses %s", (_, input, problem) => assert.match(problemOf(Schema.toType(UpdateAuthorization), input), problem))
})

describe("questions", () => {
  const seen = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
  const expiring = decode(payloads.full)

  it("an access token expires its lifetime after it was observed", () => {
    assert.deepStrictEqual(expiresAt(expiring, seen), Option.some(DateTime.makeUnsafe("2026-01-31T00:00:00Z")))
    assert.isFalse(isExpired(expiring, seen))
    assert.isFalse(isExpired(expiring, seen, DateTime.makeUnsafe("2026-01-30T23:59:59Z")))
    assert.isTrue(isExpired(expiring, seen, DateTime.makeUnsafe("2026-01-31T00:00:00Z")))
  })

  it("an access token without lifetime never expires", () => {
    const forever = decode(payloads.direct)
    assert.isTrue(neverExpires(forever))
    assert.isFalse(neverExpires(expiring))
    assert.deepStrictEqual(expiresAt(forever, seen), Option.none())
    assert.isFalse(isExpired(forever, seen, DateTime.makeUnsafe("9999-01-01T00:00:00Z")))
  })

  it("without access token there is nothing that expires, or never does", () => {
    const pending = decode(payloads.webFlow)
    assert.isFalse(neverExpires(pending))
    assert.deepStrictEqual(expiresAt(pending, seen), Option.none())
  })

  it("tells direct authorizations and global scope", () => {
    assert.deepStrictEqual([isDirect(expiring), hasGlobalScope(expiring)], [false, true])
    assert.deepStrictEqual([isDirect(decode(payloads.direct)), hasGlobalScope(decode(payloads.direct))], [true, false])
  })
})
