/** Heroku's JSON of an authorization: what `Authorization.FromWire` decodes, rejects and encodes. */
import { Authorization, AuthorizationId, expiresAt, isExpired } from "@effect-heroku/core/Authorization"
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
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { inspect } from "node:util"
import { maxLifetimeSeconds } from "../src/internal/lifetime.ts"

const { rateLimited: _, ...examples } = payloads
const decode = Schema.decodeUnknownSync(Authorization.FromWire)
const decodeResult = Schema.decodeUnknownResult(Authorization.FromWire)
const encode = Schema.encodeSync(Authorization.FromWire)
const full = { ...payloads.full, access_token: { ...payloads.full.access_token, version: 3 } }
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("FromWire", () => {
  it.each(Object.entries(examples))(
    "FromWire decodes the payload %s, and encodes it to JSON that the published schema accepts",
    (_, payload) => {
      const wire = throughJson(encode(decode(payload)))
      assert.deepStrictEqual(validateAuthorization(wire), [])
      assert.isTrue(Equal.equals(decode(wire), decode(payload)))
    }
  )

  it.each<[string, object]>([
    ["the documented payload", full],
    ["a direct authorization", payloads.direct],
    ["an authorization without access token", { ...payloads.direct, access_token: null }]
  ])("FromWire encodes every attribute of %s as it was", (_, payload) => {
    const time = "2012-01-01T12:00:00.000Z"
    assert.deepStrictEqual(throughJson(encode(decode(payload))), { ...payload, created_at: time, updated_at: time })
  })

  it.each([
    ["access_token", {}],
    ["access_token", { id: "x", token: null }],
    ["access_token", { token: "x" }],
    ["refresh_token", { id: null, token: "x" }],
    ["client", {}],
    ["client", { id: null, name: "x" }],
    ["grant", { id: "x" }],
    ["session", {}],
    ["user", {}],
    ["user", { email: "x" }]
  ])("FromWire decodes the %s %j, which lacks a key, as null", (key, value) => {
    const decoded = decode({ ...full, [key]: value })
    assert.isTrue(Equal.equals(decoded, decode({ ...full, [key]: null })))
    assert.deepStrictEqual(validateTypes(throughJson(encode(decoded))), [])
  })

  it("FromWire ignores unknown keys", () => {
    const extra = { surprise: 1 }
    const json = { ...full, ...extra, session: { ...full.session, ...extra } }
    assert.deepStrictEqual(decode(json), decode(full))
  })

  it("FromWire shares no part of the JSON that can change", () => {
    const json = structuredClone(full)
    const authorization = decode(json)
    json.scope.push("identity")
    json.session.id = "changed"
    json.access_token.token = "changed"
    assert.isTrue(Equal.equals(authorization, decode(full)))
  })

  it.each([[-3, 0], [1.7, 1], [1e16, maxLifetimeSeconds], [Number.MAX_VALUE, maxLifetimeSeconds]])(
    "FromWire clamps a lifetime of %d seconds to %d",
    (expires_in, seconds) => {
      const authorization = decode({ ...full, access_token: { ...full.access_token, expires_in } })
      const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
      const expiry = Option.getOrThrow(expiresAt(authorization, now))
      assert.strictEqual(DateTime.toEpochMillis(expiry) - DateTime.toEpochMillis(now), seconds * 1000)
      assert.isString(DateTime.formatIso(expiry))
      assert.strictEqual(isExpired(authorization, now), seconds === 0)
    }
  )

  it.each([
    ["2012-01-01T12:00:00+02:00", "2012-01-01T10:00:00.000Z"],
    ["2012-01-01T12:00:00.123Z", "2012-01-01T12:00:00.123Z"],
    ["2012-01-01", "2012-01-01T00:00:00.000Z"],
    ["Sun, 01 Jan 2012 12:00:00 GMT", "2012-01-01T12:00:00.000Z"]
  ])("FromWire decodes the time %j to %s", (created_at, iso) => {
    assert.strictEqual(DateTime.formatIso(decode({ ...full, created_at }).createdAt), iso)
  })

  it.each(["2012-13-01T00:00:00Z", "2012-01-01T24:00:01Z", "+275760-09-13T00:00:00.001Z", "yesterday", ""])(
    "FromWire rejects the time %j",
    (created_at) => {
      const result = decodeResult({ ...full, created_at })
      assert(Result.isFailure(result))
      assert.strictEqual(result.failure.message, "must be a date and time\n  at [\"created_at\"]")
    }
  )

  it.each<[string, object, string]>([
    ["a token that is a number", { access_token: { id: "x", token: 73657 } }, "[\"access_token\"][\"token\"]"],
    ["a token in place of its object", { access_token: "73657" }, "[\"access_token\"]"],
    ["a grant code in an array", { grant: { code: ["73657"] } }, "[\"grant\"][\"code\"]"],
    ["a lifetime that is text", { access_token: { id: "x", token: "y", expires_in: "73657" } }, "[\"expires_in\"]"],
    ["a scope that is a number", { scope: ["read", 73657] }, "[\"scope\"][1]"],
    ["an id that cannot be sent", { id: "73657\n" }, "[\"id\"]"],
    ["an invalid time", { updated_at: "73657 o'clock" }, "[\"updated_at\"]"],
    ["a client whose id is a number", { client: { id: 73657 } }, "[\"client\"][\"id\"]"]
  ])("FromWire rejects %s, and names its path without the value", (_, invalid, path) => {
    const result = decodeResult({ ...full, ...invalid })
    assert(Result.isFailure(result))
    assert.include(result.failure.message, path)
    assert.notInclude(inspect(result, { depth: null, showHidden: true }) + JSON.stringify(result), "73657")
  })

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["text", "{}"],
    ["an array", [full]],
    ["an empty object", {}],
    ["a function", () => full]
  ])(
    "FromWire rejects %s in place of an authorization",
    (_, json) => assert.isTrue(Result.isFailure(decodeResult(json)))
  )

  it("FromWire encodes nothing but an Authorization", () => {
    const copy: object = { ...decode(full) }
    const result = Schema.encodeUnknownResult(Authorization.FromWire)(copy)
    assert(Result.isFailure(result))
    assert.strictEqual(result.failure.message, "Expected an Authorization")
  })

  it.effect.prop(
    "FromWire decodes what it encoded, through JSON that the published schema accepts",
    { authorization: Authorization },
    ({ authorization }) =>
      Effect.sync(() => {
        const wire = throughJson(encode(authorization))
        assert.deepStrictEqual(validateTypes(wire), [])
        assert.isTrue(Equal.equals(decode(wire), authorization))
      }),
    { arbitrary: { runs: runs(200) } }
  )
})

/** The same codec as one schema of transformations, without its optimization. */
const Reference = (() => {
  const optional = Schema.OptionFromOptionalNullOr
  const Lifetime = Schema.Finite.pipe(Schema.decodeTo(
    Schema.Duration,
    SchemaTransformation.transform({
      decode: (seconds) => Duration.seconds(Math.min(Math.max(0, Math.floor(seconds)), maxLifetimeSeconds)),
      encode: Duration.toSeconds
    })
  ))
  const secret = (label: string) => optional(Schema.RedactedFromValue(Schema.String, { label }))
  const id = optional(Schema.String)
  const Token = Schema.Struct({
    id,
    token: secret("token"),
    expiresIn: optional(Lifetime),
    version: optional(Schema.Finite)
  }).pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
  return Schema.Struct({
    id: AuthorizationId,
    description: optional(Schema.String),
    scope: Schema.Array(Schema.String),
    accessToken: optional(Token),
    refreshToken: optional(Token),
    client: optional(
      Schema.Struct({ id, name: optional(Schema.String), redirectUri: optional(Schema.String) })
        .pipe(Schema.encodeKeys({ redirectUri: "redirect_uri" }))
    ),
    grant: optional(
      Schema.Struct({ id: optional(Schema.String), code: secret("grant code"), expiresIn: optional(Lifetime) })
        .pipe(Schema.encodeKeys({ expiresIn: "expires_in" }))
    ),
    session: optional(Schema.Struct({ id })),
    user: optional(
      Schema.Struct({ id, email: optional(Schema.String), fullName: optional(Schema.String) })
        .pipe(Schema.encodeKeys({ fullName: "full_name" }))
    ),
    createdAt: Schema.DateTimeUtcFromString,
    updatedAt: Schema.DateTimeUtcFromString
  }).pipe(Schema.encodeKeys({
    accessToken: "access_token",
    refreshToken: "refresh_token",
    createdAt: "created_at",
    updatedAt: "updated_at"
  }))
})()
const decodeReference = Schema.decodeUnknownResult(Reference)

/** Stands for an attribute that the payload does not have. */
const absent = Symbol("absent")

/** Values that are right, nearly right, or wrong for one attribute or another. */
const scalars = [
  absent,
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  new Date(0),
  () => 0
]
const texts = ["", " ", "~", "..", "a\nb", "S3CR3T", "\ud800", "1", "-1", "9".repeat(10_000), full.id]
const times = ["2024-02-29T23:59:59.999Z", "2024-02-29T10:00:00", "2024-02-29T10:00:00+01:00[Europe/Berlin]"]
const noTimes = ["2023-02-29T00:00:00Z", "2024-02-29T23:59:60Z", "+275760-09-13T00:00:00.001Z"]
const arrays = [[], ["read", "write"], ["S3CR3T", 1], [null], Array(2), Object.assign([], { id: "x", token: "y" })]
const objects = [{}, { id: "x" }, { id: "x", token: "y" }, { code: "x" }, {
  id: 1,
  token: ["S3CR3T"],
  code: { S3CR3T: "S3CR3T" }
}]
const odd = [Object.create(null), Object.create({ id: "inherited", token: "inherited", code: "inherited" })]
const values: ReadonlyArray<unknown> = [...scalars, ...texts, ...times, ...noTimes, ...arrays, ...objects, ...odd]

interface Change {
  readonly path: ReadonlyArray<string>
  readonly value: unknown
}

function change(example: object, changes: ReadonlyArray<Change>): unknown {
  const json: Record<string, unknown> = structuredClone({ ...example })
  // The inner ones first: the values themselves must not change.
  for (const { path: [first = "", second], value } of changes.toSorted((a, b) => b.path.length - a.path.length)) {
    const part = second === undefined ? json : Object.hasOwn(json, first) ? json[first] : undefined
    if (typeof part !== "object" || part === null) continue
    if (value === absent) Reflect.deleteProperty(part, second ?? first)
    else Reflect.set(part, second ?? first, value)
  }
  return json
}

/** An object with the values of these keys, if it has all of them. */
const withKeys = <T extends object>(part: Option.Option<T>, ...keys: ReadonlyArray<keyof T>) =>
  Option.flatMap(part, (value) =>
    Option.map(
      Option.all(keys.map((key) => value[key] as Option.Option<unknown>)),
      (values) => ({ ...value, ...Object.fromEntries(keys.map((key, index) => [key, values[index]])) })
    ))

/** Asserts that `FromWire` and `Reference` decode the same, and that `FromWire` decodes what it encodes, valid by the published schema. */
const assertAgreement = (json: unknown): void =>
  Result.match(decodeReference(json), {
    onFailure: () => {
      const result = decodeResult(json)
      assert(Result.isFailure(result))
      assert.notMatch(result.failure.message, /S3CR3T|9999/)
    },
    onSuccess: (expected) => {
      const authorization = Result.getOrThrow(decodeResult(json))
      const fields = {
        ...expected,
        accessToken: withKeys(expected.accessToken, "id", "token"),
        refreshToken: withKeys(expected.refreshToken, "id", "token"),
        client: withKeys(expected.client, "id"),
        grant: withKeys(expected.grant, "code"),
        session: withKeys(expected.session, "id"),
        user: withKeys(expected.user, "id")
      }
      assert.deepStrictEqual<object>({ ...authorization }, fields)
      assert.isTrue(Equal.equals({ ...authorization }, fields))
      const wire = throughJson(encode(authorization))
      assert.deepStrictEqual(validateTypes(wire), [])
      assert.isTrue(Equal.equals(decode(wire), authorization))
    }
  })

describe("FromWire and a schema of transformations", () => {
  const paths = Object.entries(full).flatMap(([name, part]) =>
    [[name]].concat(typeof part === "object" ? Object.keys(part).map((key) => [name, key]) : [])
  )

  it.effect.each(paths.map((path) => path.join(".")))(
    "FromWire agrees with a schema of transformations whatever %s is",
    (path) =>
      Effect.sync(() => {
        for (const value of values) assertAgreement(change(full, [{ path: path.split("."), value }]))
      })
  )

  const index = (length: number) =>
    Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: length - 1 })))
  const Key = Schema.Literals(["access_token", "grant", "user", "client", "id", "token", "code", "0", "__proto__"])
  const changes = Arbitrary.array(
    Arbitrary.map(
      Arbitrary.all({
        known: index(paths.length),
        odd: Arbitrary.schema(Schema.Tuple([Key, Key])),
        isOdd: index(4),
        value: index(values.length)
      }),
      ({ isOdd, known, odd, value }): Change => ({ path: isOdd === 0 ? odd : paths[known]!, value: values[value] })
    ),
    { maxLength: 4 }
  )

  it.effect.prop(
    "FromWire agrees with a schema of transformations whatever was changed in a payload",
    { changes, example: index(4) },
    ({ changes, example }) => Effect.sync(() => assertAgreement(change(Object.values(examples)[example]!, changes))),
    { arbitrary: { runs: runs(2000) } }
  )
})
