import { Authorization } from "@effect-heroku/core/Authorization"
import * as AuthorizationDecoder from "@effect-heroku/core/AuthorizationDecoder"
import { onlyList } from "@effect-heroku/test-kit/onlyList"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { runs } from "@effect-heroku/test-kit/runs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

const { rateLimited: _, ...authorizations } = payloads
const examples: ReadonlyArray<object> = Object.values(authorizations)

/** What a decoder says: the authorization, also for who looks inside, or the error. */
const outcome = <A>(result: Result.Result<A, Schema.SchemaError>) =>
  Result.match(result, {
    onFailure: ({ message }) => ({ message }),
    onSuccess: (value) => ({ value, shown: inspect(value, { depth: 10, showHidden: true }) })
  })

const decodeOne = Schema.decodeUnknownResult(Authorization.FromWire)
const decodeMany = Schema.decodeUnknownResult(Schema.Array(Authorization.FromWire))

// -----------------------------------------------------------------------------
// What can be wrong with JSON
// -----------------------------------------------------------------------------

/** Where something is put: an attribute, or one inside it. */
const Place = Schema.Array(Schema.Literals([
  "access_token",
  "client",
  "code",
  "created_at",
  "description",
  "email",
  "expires_in",
  "full_name",
  "grant",
  "id",
  "name",
  "redirect_uri",
  "refresh_token",
  "scope",
  "session",
  "token",
  "updated_at",
  "user",
  "0",
  "__proto__",
  "constructor"
])).check(Schema.isMinLength(1), Schema.isMaxLength(2))

/** Values that look right, nearly right, or wrong, for one attribute or another. */
const values: ReadonlyArray<unknown> = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  3600,
  1e12,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  "",
  " ",
  "~",
  "..",
  "a\nb",
  "\ud800",
  "3600",
  "01234567-89AB-CDEF-0123-456789ABCDEF",
  "01234567-89ab-cdef-0123-456789abcdef\n",
  "01234567-89ab-cdef-0123-456789abcde",
  ["01234567-89ab-cdef-0123-456789abcdef"],
  "2024-02-29T23:59:59.999Z",
  "2023-02-29T00:00:00Z",
  "2024-02-29T23:59:60Z",
  "2024-02-29",
  "2024-02-29T10:00:00",
  "2024-02-29T10:00:00+05:30",
  "2024-02-29T10:00:00+01:00[Europe/Berlin]",
  "Thu, 29 Feb 2024 10:00:00 GMT",
  "+275760-09-13T00:00:00.001Z",
  "1",
  "yesterday",
  [],
  ["read", "write"],
  [""],
  ["read", 1],
  [null],
  Array(2),
  {},
  { id: "x" },
  { id: "x", token: "y" },
  { id: 1 },
  { code: "x" },
  Object.create(null),
  Object.create({ id: "inherited", token: "inherited" }),
  Object.assign([], { id: "x", token: "y", code: "z", name: "n", redirect_uri: "r" }),
  new Date(0),
  () => 0
]

const upTo = (maximum: number) => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))

const changes = Arbitrary.array(
  Arbitrary.all({
    place: Arbitrary.schema(Place),
    value: Arbitrary.map(upTo(values.length - 1), (index) => values[index])
  }),
  { maxLength: 4 }
)

const change = (example: object, made: ReadonlyArray<{ place: ReadonlyArray<string>; value: unknown }>): unknown => {
  const json: Record<string, unknown> = structuredClone({ ...example })
  // The inner ones first: what is put in whole is not to be changed, it is the same in every run.
  for (const { place: [first, second], value } of made.toSorted((a, b) => b.place.length - a.place.length)) {
    const inner = json[first!]
    if (second === undefined) Reflect.set(json, first!, value)
    else if (typeof inner === "object" && inner !== null && Object.hasOwn(json, first!)) {
      Reflect.set(inner, second, value)
    }
  }
  return json
}

/** A payload that counts how often somebody asks whether it has an attribute, as the schema does. */
const counted = (payload: object) => {
  let count = 0
  const json = new Proxy(payload, {
    getOwnPropertyDescriptor: (target, key) => {
      count++
      return Reflect.getOwnPropertyDescriptor(target, key)
    },
    has: (target, key) => {
      count++
      return Reflect.has(target, key)
    }
  })
  return { json, looks: () => count }
}

const exampleNumber = upTo(examples.length - 1)

// -----------------------------------------------------------------------------

describe("authorization", () => {
  it.each(Object.entries(payloads))("gives what the schema gives for the payload %s", (_, payload) => {
    assert.deepStrictEqual(outcome(AuthorizationDecoder.authorization(payload)), outcome(decodeOne(payload)))
  })

  it.each([undefined, null, 1, "{}", [], [payloads.full], new Date(0), () => payloads.full])(
    "gives the error of the schema for what is no object at all: %s",
    (value) => assert.deepStrictEqual(outcome(AuthorizationDecoder.authorization(value)), outcome(decodeOne(value)))
  )

  it.effect.prop(
    "gives what the schema gives, whatever was changed",
    { example: exampleNumber, changes },
    ({ changes, example }) =>
      Effect.sync(() => {
        const json = change(examples[example]!, changes)
        assert.deepStrictEqual(outcome(AuthorizationDecoder.authorization(json)), outcome(decodeOne(json)))
      }),
    { arbitrary: { runs: runs(5000) } }
  )

  it.effect.prop(
    "reads a time as the schema does, whatever its digits",
    { year: upTo(3050), month: upTo(13), day: upTo(32), hour: upTo(25), minute: upTo(61), second: upTo(61) },
    ({ day, hour, minute, month, second, year }) =>
      Effect.sync(() => {
        const pad = (part: number, digits: number) => String(part).padStart(digits, "0")
        const time = `${pad(year, 4)}-${[month, day].map((_) => pad(_, 2)).join("-")}T${
          [hour, minute, second].map((_) => pad(_, 2)).join(":")
        }Z`
        const json = { ...payloads.full, created_at: time }
        assert.deepStrictEqual(outcome(AuthorizationDecoder.authorization(json)), outcome(decodeOne(json)), time)
      }),
    { arbitrary: { runs: runs(2000) } }
  )

  it.each(["2012-01-05T12:34:56Z", "2012-12-25T23:00:00Z", "1999-10-19T09:59:59Z", "2024-02-28T00:00:00Z"])(
    "reads a time as the schema does, whatever one of its characters is: %s",
    (time) => {
      const others = [...time].flatMap((_, index) =>
        [..."0123456789x"].map((character) => time.slice(0, index) + character + time.slice(index + 1))
      )
      for (const other of [time, ` ${time}`, `x${time}`, `1${time}`, `${time} Z`, `${time}Z`, ...others]) {
        const json = { ...payloads.full, created_at: other }
        assert.deepStrictEqual(outcome(AuthorizationDecoder.authorization(json)), outcome(decodeOne(json)), other)
      }
    }
  )

  it("takes what the schema takes, whatever one attribute is", () => {
    const example = { ...payloads.full, updated_at: "2013-01-01T12:00:00Z" }
    const inner = Object.entries(example).flatMap(([name, part]) =>
      typeof part === "object" ? Object.keys(part).map((attribute) => [name, attribute]) : []
    )
    const paths = [...Object.keys(example).map((name) => [name]), ...inner]
    for (const place of paths) {
      for (const value of values) {
        const json = change(example, [{ place, value }])
        const taken = Result.isSuccess(decodeOne(json))
        assert.strictEqual(Result.isSuccess(AuthorizationDecoder.authorization(json)), taken, place.join("."))
      }
    }
  })

  it.each<[string, object]>([
    ["has everything", payloads.full],
    ["is of an older edition", payloads.older],
    ["has everything null that can be", { ...payloads.direct, id: payloads.full.id }],
    ["says nothing of its token's lifetime", { ...payloads.full, access_token: { id: "x", token: "y" } }],
    ["is of the web flow", { ...payloads.webFlow, created_at: payloads.webFlow.updated_at }],
    ["was changed", { ...payloads.full, updated_at: "2013-01-01T12:00:00Z" }]
  ])("does not ask the schema about one that %s", (_, payload) => {
    const { json, looks } = counted(payload)
    assert.isTrue(Result.isSuccess(AuthorizationDecoder.authorization(json)))
    assert.strictEqual(looks(), 0)
  })

  it.each<[string, object]>([
    ["an id that is no UUID", { id: "no UUID" }],
    ["a time without zone", { created_at: "2012-01-01T12:00:00" }]
  ])("asks the schema about one with %s", (_, unusual) => {
    const { json, looks } = counted({ ...payloads.full, ...unusual })
    assert.isTrue(Result.isSuccess(AuthorizationDecoder.authorization(json)))
    assert.isAbove(looks(), 0)
  })

  it("shares nothing with the JSON that could change", () => {
    const json = structuredClone(payloads.full)
    const decoded = Result.getOrThrow(AuthorizationDecoder.authorization(json))
    json.scope.push("identity")
    assert.deepStrictEqual(decoded.scope, ["global"])
  })
})

describe("what holds secrets", () => {
  const token = "HRKU-01234567-89ab-cdef-0123-456789abcdef"
  const json = {
    ...payloads.full,
    access_token: { ...payloads.full.access_token, token },
    grant: { id: null, code: "GR4NT-C0DE", expires_in: 60 },
    refresh_token: { ...payloads.full.access_token, token: "R3FR3SH" }
  }
  const quick = () => Result.getOrThrow(AuthorizationDecoder.authorization(json))
  const thorough = () => Result.getOrThrow(decodeOne(json))

  const uses: Record<string, (authorization: Authorization) => unknown> = {
    "its keys": (_) => Object.keys(_),
    "a copy": (_) => ({ ..._ }),
    "a copy made by the class": (_) => new Authorization({ ..._, id: _.id }),
    "a clone": (_) => structuredClone({ ..._.accessToken }),
    "its JSON": (_) => JSON.stringify(_),
    "its text": (_) => String(_),
    "how it is printed": (_) => inspect(_, { depth: 10 }),
    "what it is encoded to": (_) => Schema.encodeSync(Authorization.FromWire)(_),
    "its hash": (_) => Hash.hash(_),
    "its token": (_) => Redacted.value(Option.getOrThrow(_.accessToken).token),
    "its refresh token": (_) => Redacted.value(Option.getOrThrow(_.refreshToken).token),
    "its grant code": (_) => Redacted.value(Option.getOrThrow(_.grant).code),
    "what inherits from it": (_) => inspect(Object.create(_).accessToken),
    "one that something was assigned to": (_) => Object.assign(_, { grant: Option.none() }),
    "whether it is one": (_) => Schema.is(Authorization)(_)
  }

  it.each(Object.entries(uses))("is made when it is asked for, and nobody sees that: %s", (_, use) => {
    assert.deepStrictEqual(use(quick()), use(thorough()))
  })

  it("is made once", () => {
    const authorization = quick()
    assert.strictEqual(authorization.accessToken, authorization.accessToken)
    assert.strictEqual(authorization.refreshToken, authorization.refreshToken)
    assert.strictEqual(authorization.grant, authorization.grant)
  })

  it("is made once of a frozen one too", () => {
    const authorization = Object.freeze(quick())
    const { accessToken } = authorization
    assert.strictEqual(Redacted.value(Option.getOrThrow(accessToken).token), token)
    assert.strictEqual(authorization.accessToken, accessToken)
  })

  it("is not reached through a Proxy, which says so, until it was asked for", () => {
    const authorization = quick()
    const proxy = new Proxy(authorization, {})
    assert.throws(() => proxy.accessToken, /^A Proxy of an authorization does not reach its accessToken$/)
    void authorization.accessToken
    assert.strictEqual(proxy.accessToken, authorization.accessToken)
  })

  it("is there at once where there is none", () => {
    const authorization = Result.getOrThrow(
      AuthorizationDecoder.authorization({ ...json, access_token: null, grant: null, refresh_token: null })
    )
    const proxy = new Proxy(authorization, {})
    assert.deepStrictEqual([proxy.accessToken, proxy.grant, proxy.refreshToken], [
      Option.none(),
      Option.none(),
      Option.none()
    ])
  })

  it("cannot be assigned to a frozen one", () => {
    assert.throws(() => Object.assign(Object.freeze(quick()), { grant: Option.none() }), TypeError)
  })

  it("is an attribute like any other once it was asked for", () => {
    const authorization = quick()
    void authorization.accessToken
    assert.deepStrictEqual(
      Object.getOwnPropertyDescriptor(authorization, "accessToken"),
      Object.getOwnPropertyDescriptor(thorough(), "accessToken")
    )
  })

  it("is an attribute like any other once something was assigned to it", () => {
    const authorization: { grant: Authorization["grant"] } = quick()
    const { grant } = thorough()
    authorization.grant = Option.none()
    assert.deepStrictEqual(authorization.grant, Option.none())
    authorization.grant = grant
    assert.deepStrictEqual(
      Object.getOwnPropertyDescriptor(authorization, "grant"),
      Object.getOwnPropertyDescriptor(thorough(), "grant")
    )
  })

  it("makes it equal to one that the schema decoded, whichever was looked at", () => {
    const looked = quick()
    void looked.grant
    for (const authorization of [quick(), looked]) {
      assert.isTrue(Equal.equals(authorization, thorough()))
      assert.isTrue(Equal.equals(thorough(), authorization))
      assert.deepStrictEqual(authorization, thorough())
    }
    assert.isFalse(Equal.equals(quick(), new Authorization({ ...quick(), refreshToken: Option.none() })))
  })

  it("shows nothing before", () => {
    for (const options of [{ showHidden: true, depth: 20 }, { showHidden: true, depth: 20, customInspect: false }]) {
      const shown = inspect(quick(), { ...options, getters: false })
      for (const secret of [token, "GR4NT-C0DE", "R3FR3SH"]) assert.notInclude(shown, secret)
    }
  })

  it("does not change with the JSON that it came of", () => {
    const changing = structuredClone(json)
    const authorization = Result.getOrThrow(AuthorizationDecoder.authorization(changing))
    changing.access_token.token = "another"
    changing.access_token.expires_in = Number.NaN
    assert.isTrue(Equal.equals(authorization, thorough()))
  })
})

describe("authorizations", () => {
  it("is the list that the schema gives", () => {
    for (const json of [[], examples, [payloads.direct, payloads.full]]) {
      assert.deepStrictEqual(outcome(AuthorizationDecoder.authorizations(json)), outcome(decodeMany(json)))
    }
  })

  it.effect("are listed also where their ids are no UUIDs, in whatever order these are", () =>
    Effect.gen(function*() {
      const json = [payloads.full, { ...payloads.direct, id: "!" }]
      const service = onlyList(() =>
        Effect.succeed({
          items: Effect.succeed(Result.getOrThrow(AuthorizationDecoder.authorizations(json))),
          nextRange: Option.none(),
          status: 200,
          requestId: Option.none()
        })
      )
      const { items } = yield* service.list()
      assert.deepStrictEqual(items.map(({ id }): string => id), json.map(({ id }) => id))
    }))

  it("does not ask the schema when each of them is usual", () => {
    const { json, looks } = counted(payloads.full)
    assert.isTrue(Result.isSuccess(AuthorizationDecoder.authorizations([json])))
    assert.strictEqual(looks(), 0)
  })

  it.each([undefined, null, {}, "[]", payloads.full])("is the error of the schema for what is no list: %s", (value) => {
    assert.deepStrictEqual(outcome(AuthorizationDecoder.authorizations(value)), outcome(decodeMany(value)))
  })

  it("says which one of a list is wrong, and what, without its value", () => {
    const json = [payloads.full, { ...payloads.full, access_token: { id: "x", token: { secret: "S3CR3T" } } }]
    const result = AuthorizationDecoder.authorizations(json)
    assert.deepStrictEqual(outcome(result), outcome(decodeMany(json)))
    assert(Result.isFailure(result))
    assert.include(result.failure.message, `[1]["access_token"]["token"]`)
    assert.notInclude(result.failure.message, "S3CR3T")
  })
})
