import {
  accessToken,
  Authorization,
  AuthorizationId,
  CreateAuthorization,
  expiresAt,
  hasGlobalScope,
  isDirect,
  isExpired,
  matchToken,
  neverExpires,
  UpdateAuthorization
} from "@effect-heroku/core/Authorization"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { maxLifetimeSeconds } from "../src/internal/lifetime.ts"

const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const encode = Schema.encodeSync(Authorization.FromWire)
const problemOf = <T, E>(schema: Schema.Codec<T, E>, input: unknown): string =>
  Result.match(Schema.decodeUnknownResult(schema)(input), {
    onSuccess: () => "valid",
    onFailure: ({ message }) => message
  })

describe("Authorization", () => {
  const id = payloads.full.id
  const secrets = { access: "HRKU-4CCE55", refresh: "HRKU-R3FR35H", grant: "GR4NT-C0DE" }
  const wire = {
    ...payloads.full,
    access_token: { ...payloads.full.access_token, token: secrets.access, version: 3 },
    refresh_token: { ...payloads.full.refresh_token, token: secrets.refresh },
    grant: { ...payloads.full.grant, code: secrets.grant }
  }
  const month = Option.some(Duration.days(30))
  const fields = {
    id: AuthorizationId.make(id),
    description: Option.some("sample authorization"),
    scope: ["global"],
    accessToken: Option.some({
      id,
      token: Redacted.make(secrets.access, { label: "token" }),
      expiresIn: month,
      version: Option.some(3)
    }),
    refreshToken: Option.some({
      id,
      token: Redacted.make(secrets.refresh, { label: "token" }),
      expiresIn: month,
      version: Option.none()
    }),
    client: Option.some({
      id,
      name: Option.some("example"),
      redirectUri: Option.some("https://example.com/auth/heroku/callback")
    }),
    grant: Option.some({
      id: Option.some(id),
      code: Redacted.make(secrets.grant, { label: "grant code" }),
      expiresIn: month
    }),
    session: Option.some({ id }),
    user: Option.some({ id, email: Option.some("username@example.com"), fullName: Option.some("Tina Edmonds") }),
    createdAt: DateTime.makeUnsafe("2012-01-01T12:00:00Z"),
    updatedAt: DateTime.makeUnsafe("2012-01-01T12:00:00Z")
  }
  /** Copies an object like clone libraries: own enumerable properties and the prototype, deeply. */
  const clone = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value
    if (Array.isArray(value)) return value.map(clone)
    const entries = Object.entries(value).map(([key, property]) => [key, clone(property)])
    return Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(entries))
  }
  const kinds = [["decoded", () => decode(wire)], ["constructed", () => new Authorization(fields)]] as const

  it("decoded and constructed authorizations are the same kind of object", () => {
    const [decoded, constructed] = [decode(wire), new Authorization(fields)]
    assert.instanceOf(decoded, Authorization)
    assert.deepStrictEqual(decoded, constructed)
    assert.isTrue(Equal.equals(decoded, constructed))
    assert.deepStrictEqual(Object.getOwnPropertyDescriptors(decoded), Object.getOwnPropertyDescriptors(constructed))
    assert.isFalse(Equal.equals(decoded, new Authorization({ ...fields, refreshToken: Option.none() })))
    assert.isFalse(Equal.equals(decoded, decode({ ...wire, grant: { ...wire.grant, code: "another" } })))
  })

  it.each([Duration.millis(1500), Duration.seconds(-1), "60 seconds"])("no grant has the lifetime %s", (lifetime) => {
    const expiresIn = Option.some(lifetime as Duration.Duration)
    const grant = Option.map(fields.grant, (grant) => ({ ...grant, expiresIn }))
    assert.throws(() => new Authorization({ ...fields, grant }), "Schema validation failed")
  })

  it.each(kinds)("a %s authorization is plain data: own, enumerable data properties", (_, make) => {
    const authorization = make()
    assert.sameMembers(Object.keys(authorization), Object.keys(fields))
    for (const property of Object.values(Object.getOwnPropertyDescriptors(authorization))) {
      assert.include(property, { enumerable: true })
      assert.property(property, "value")
    }
    assert.deepStrictEqual({ ...authorization }, fields)
    assert.deepStrictEqual(clone(authorization), authorization)
    const frozen = Object.freeze(make())
    assert.isTrue(Equal.equals(frozen, authorization))
    assert.strictEqual(Redacted.value(Option.getOrThrow(accessToken(frozen))), secrets.access)
    assert.deepStrictEqual(encode(frozen), encode(authorization))
  })

  /** A proxy of every extensible object that is read, and no other, as Vue's `reactive` makes it. */
  const reactive = <T>(target: T): T =>
    typeof target === "object" && target !== null && Object.isExtensible(target)
      ? new Proxy(target, { get: (object, key, receiver) => reactive(Reflect.get(object, key, receiver)) })
      : target

  it.each(kinds)("every field and secret of a %s authorization can be read through a deep proxy", (_, make) => {
    const proxy = reactive(make())
    assert.strictEqual(Redacted.value(Option.getOrThrow(accessToken(proxy))), secrets.access)
    assert.strictEqual(Redacted.value(Option.getOrThrow(proxy.refreshToken).token), secrets.refresh)
    assert.strictEqual(Redacted.value(Option.getOrThrow(proxy.grant).code), secrets.grant)
    assert.isTrue(isExpired(proxy, proxy.createdAt, DateTime.makeUnsafe("2030-01-01T00:00:00Z")))
    assert.deepStrictEqual(encode(proxy), encode(make()))
    assert.isTrue(Equal.equals(new Authorization({ ...proxy }), make()))
  })

  it.each(kinds)("a %s authorization shows no token and no grant code", (_, make) => {
    const authorization = make()
    const texts = [
      inspect(authorization, { depth: null, showHidden: true }),
      inspect(authorization, { depth: null, showHidden: true, customInspect: false }),
      inspect(reactive(authorization), { depth: null, showHidden: true, showProxy: true }),
      JSON.stringify(authorization),
      JSON.stringify({ ...authorization }),
      String(authorization)
    ]
    for (const text of texts) {
      assert.include(text, id)
      assert.notMatch(text, /HRKU-|GR4NT/)
    }
    assert.match(texts.join(), /<redacted:token>[^]*<redacted:grant code>/)
  })
})

describe("AuthorizationId", () => {
  it.each([payloads.full.id, payloads.direct.id, "~", "a/b", "..a", "100%", "ü"])(
    "AuthorizationId accepts %s",
    (id) => assert.strictEqual(problemOf(AuthorizationId, id), "valid")
  )

  it.each(["HRKU-", `HRKU-AA${"x".repeat(58)}`, "hrku-0123", " HRKU-0123", "Bearer HRKU-0123", "HRKU-AA**********z9"])(
    "AuthorizationId rejects the token %j without quoting it, and says how to find the id",
    (id) => {
      const message = problemOf(AuthorizationId, id)
      assert.match(message, /^a token is not an id: .*use the id of the one that the token belongs to$/)
      assert.notMatch(message, /HRKU/i)
    }
  )
})

describe("matchToken", () => {
  const current = `HRKU-AA${"Zy9_".repeat(14)}-x`
  const older = "HRKU-01234567-89ab-cdef-0123-456789abcdef"
  const oldest = "01234567-89ab-cdef-0123-456789abcdef"
  const mask = "*".repeat(10)
  const withTokens = (access: string | undefined, refresh?: string) => {
    const token = (token: string | undefined) => token === undefined ? null : { id: "x", token }
    return decode({ ...payloads.direct, access_token: token(access), refresh_token: token(refresh) })
  }

  it.each<[shown: string | undefined, token: string, match: string]>([
    [current, current, "exact"],
    [older, older, "exact"],
    [oldest, oldest, "exact"],
    [current, `${current}x`, "none"],
    [current, older, "none"],
    [`${current.slice(0, 12)}${mask}${current.slice(-4)}`, current, "masked"],
    [`${current.slice(0, 12)}${mask}`, current, "masked"],
    [`${mask}${current.slice(-4)}`, current, "masked"],
    [`HRKU-${mask}${older.slice(-4)}`, older, "masked"],
    [`0123${mask}`, oldest, "masked"],
    [`HRKU-A${mask}y`, "HRKU-Ay", "masked"],
    [`HRKU-AB${mask}`, current, "none"],
    [`${current.slice(0, 12)}${mask}no`, current, "none"],
    [`HRKU-no${mask}${current.slice(-4)}`, current, "none"],
    [`HRKU-${mask}${current.slice(-4)}`, older, "none"],
    // The start and the end of a token are not the same characters.
    [`HRKU-01${mask}01`, "HRKU-01", "none"],
    [mask, current, "unknown"],
    ["", current, "unknown"],
    [`HRKU-${mask}`, older, "unknown"],
    [`HRKU-AA${mask}`, current, "unknown"],
    [`HRKU-AA${mask}`, older, "none"],
    [`HRKU-${mask}`, oldest, "none"],
    [undefined, current, "none"]
  ])(
    "matchToken of an authorization with the token %s and the token %s returns %s",
    (shown, token, match) => assert.strictEqual(matchToken(withTokens(shown), Redacted.make(token)), match)
  )

  it.each<[access: string, refresh: string, match: string]>([
    [older, current, "exact"],
    [mask, current, "exact"],
    [`${current.slice(0, 12)}${mask}`, current, "exact"],
    [older, `${mask}${current.slice(-4)}`, "masked"],
    [mask, `${mask}${current.slice(-4)}`, "masked"],
    [older, mask, "unknown"],
    [older, oldest, "none"]
  ])(
    "matchToken compares both tokens: %s and %s give %s",
    (access, refresh, match) =>
      assert.strictEqual(matchToken(withTokens(access, refresh), Redacted.make(current)), match)
  )

  it("matchToken does not take a masked token for an exact match", () => {
    const masked = `${current.slice(0, 12)}${mask}${current.slice(-4)}`
    assert.strictEqual(matchToken(withTokens(masked), Redacted.make(masked)), "masked")
  })
})

describe("CreateAuthorization", () => {
  const json = (input: CreateAuthorization): unknown =>
    JSON.parse(JSON.stringify(Schema.encodeSync(CreateAuthorization)(input)))

  it("CreateAuthorization encodes to the body of Heroku's API", () => {
    const input = {
      scope: ["global", "app"],
      description: "ci",
      expiresIn: Duration.days(30),
      client: payloads.full.id
    }
    assert.deepStrictEqual(json(input), {
      scope: ["global", "app"],
      description: "ci",
      expires_in: 2592000,
      client: payloads.full.id
    })
  })

  it("CreateAuthorization treats undefined as absent", () => {
    const input = { scope: ["read"], description: undefined, expiresIn: undefined, client: undefined }
    assert.strictEqual(problemOf(Schema.toType(CreateAuthorization), input), "valid")
    assert.deepStrictEqual(json(input), { scope: ["read"] })
  })

  it.effect.prop("CreateAuthorization survives JSON", { input: CreateAuthorization }, ({ input }) =>
    Effect.sync(() => {
      const decoded = Schema.decodeUnknownSync(CreateAuthorization)(json(input))
      assert.deepStrictEqual(json(decoded), json(input))
      assert.deepStrictEqual(decoded.scope, input.scope)
    }))

  it.each<[Duration.Input, number]>([
    ["10 minutes", 600],
    ["1.5 hours", 5400],
    ["1000 millis", 1],
    ["2 weeks", 1_209_600],
    [Duration.zero, 0],
    [Duration.days(30), 2_592_000],
    [Duration.nanos(2_000_000_000n), 2],
    [Duration.seconds(maxLifetimeSeconds), maxLifetimeSeconds],
    [60_000, 60],
    [3_000_000_000n, 3],
    [[5, 0], 5],
    [[5, 1_000_000_000], 6],
    [{ hours: 1, minutes: 1, seconds: 1 }, 3661]
  ])("expiresIn accepts %s and encodes to %d seconds", (expiresIn, seconds) => {
    const input = { scope: ["global"], expiresIn }
    assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.toType(CreateAuthorization))(input), input)
    assert.deepStrictEqual(json(input), { scope: ["global"], expires_in: seconds })
    assert.strictEqual(Duration.toSeconds(Duration.fromInputUnsafe(expiresIn)), seconds)
  })

  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["NaN in a tuple", [0, Number.NaN]],
    ["NaN in an object", { minutes: Number.NaN }],
    ["a negative text", "-1 seconds"],
    ["a negative Duration", Duration.seconds(-1)],
    ["a negative number", -1000],
    ["a fraction of a second", "1.5 seconds"],
    ["one millisecond", 1],
    ["one nanosecond", 1n],
    ["a tuple with nanoseconds", [5, 1]],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["an infinite Duration", Duration.infinity],
    ["an infinite text", "Infinity"],
    ["an unknown unit", "1 fortnight"],
    ["text without a unit", "60"],
    ["a tuple of one", [5]],
    ["null", null],
    ["true", true],
    ["more than 3,000 years", Duration.seconds(maxLifetimeSeconds + 1)]
  ])("expiresIn rejects %s", (_, expiresIn) =>
    assert.strictEqual(
      problemOf(Schema.toType(CreateAuthorization), { scope: ["global"], expiresIn }),
      "Expected a duration of whole seconds, zero or more\n  at [\"expiresIn\"]"
    ))
})

describe("UpdateAuthorization", () => {
  it.effect.prop(
    "UpdateAuthorization encodes to the body of Heroku's API and survives JSON",
    { description: Schema.optional(Schema.String), secret: Schema.NonEmptyString },
    ({ description, secret }) =>
      Effect.sync(() => {
        const given = description === undefined ? {} : { description }
        const input = { ...given, client: { id: "c", secret: Redacted.make(secret, { label: "client secret" }) } }
        const json = JSON.parse(JSON.stringify(Schema.encodeSync(UpdateAuthorization)(input)))
        assert.deepStrictEqual(json, { ...given, client: { id: "c", secret } })
        assert.deepStrictEqual({ ...Schema.decodeUnknownSync(UpdateAuthorization)(json) }, input)
      })
  )

  it.each(["any label", undefined])("UpdateAuthorization accepts a client secret with the label %s", (label) => {
    const input = { client: { id: "c", secret: Redacted.make("s", { label }) } }
    assert.strictEqual(problemOf(Schema.toType(UpdateAuthorization), input), "valid")
  })
})

describe("helpers", () => {
  const observed = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
  const [expiring, direct, webFlow] = [decode(payloads.full), decode(payloads.direct), decode(payloads.webFlow)]

  it("accessToken returns the token, and None before the grant is exchanged", () => {
    assert.strictEqual(Redacted.value(Option.getOrThrow(accessToken(expiring))), payloads.full.access_token.token)
    assert.deepStrictEqual(accessToken(webFlow), Option.none())
  })

  it("an access token expires its lifetime after it was observed", () => {
    assert.deepStrictEqual(expiresAt(expiring, observed), Option.some(DateTime.makeUnsafe("2026-01-31T00:00:00Z")))
    assert.isFalse(isExpired(expiring, observed))
    assert.isFalse(isExpired(expiring, observed, DateTime.makeUnsafe("2026-01-30T23:59:59Z")))
    assert.isTrue(isExpired(expiring, observed, DateTime.makeUnsafe("2026-01-31T00:00:00Z")))
  })

  it("an access token without a lifetime never expires", () => {
    assert.isTrue(neverExpires(direct))
    assert.isFalse(neverExpires(expiring))
    assert.deepStrictEqual(expiresAt(direct, observed), Option.none())
    assert.isFalse(isExpired(direct, observed, DateTime.makeUnsafe("9999-01-01T00:00:00Z")))
  })

  it("an authorization without an access token neither expires nor never expires", () => {
    assert.isFalse(neverExpires(webFlow))
    assert.deepStrictEqual(expiresAt(webFlow, observed), Option.none())
    assert.isFalse(isExpired(webFlow, observed))
  })

  it("isDirect and hasGlobalScope read the client and the scope", () => {
    assert.deepStrictEqual([isDirect(expiring), hasGlobalScope(expiring)], [false, true])
    assert.deepStrictEqual([isDirect(direct), hasGlobalScope(direct)], [true, false])
  })
})
