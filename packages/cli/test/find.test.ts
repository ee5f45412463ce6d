import { serve } from "@effect-heroku/test-kit/httpServer"
import * as payloads from "@effect-heroku/test-kit/payloads"
import { FaultInjection } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { cli, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`

/** Tokens in today's form, in the form before it, and in the oldest one. */
const tokens = {
  new: `HRKU-AA${"n3w_".repeat(14)}-Z`,
  masked: `HRKU-AA${"mask".repeat(14)}-Z`,
  old: "HRKU-01234567-89ab-cdef-0123-456789abcdef",
  oldest: "fedcba98-7654-4321-8765-fedcba987654",
  unknown: `HRKU-AA${"none".repeat(14)}-Z`
}
const mask = (token: string, shown: number) => `${token.slice(0, shown)}**********${token.slice(-4)}`

const twin = `HRKU-AA${"twin".repeat(14)}-Z`

const layer = layerFake({
  clearTokens: true,
  seed: [
    { id: id(1), description: "new", accessToken: tokens.new },
    { id: id(2), description: "old", accessToken: tokens.old },
    { id: id(3), description: "oldest", accessToken: null, refreshToken: tokens.oldest },
    { id: id(4), description: "masked", accessToken: mask(tokens.masked, 12) }
  ]
})

const find = (stdin: string, ...argv: ReadonlyArray<string>) =>
  Effect.map(cli(["find", "--json", ...argv], { stdin }), ({ stdout, ...result }) => {
    for (const token of Object.values(tokens)) assert.notInclude(stdout + result.stderr, token)
    const matches = stdout === ""
      ? []
      : stdout.split("\n").map((line) => JSON.parse(line)).map((match) => [match.match, match.source, match.id])
    return { ...result, matches }
  })

it.effect("find finds tokens one on each line and anywhere in text", () =>
  Effect.gen(function*() {
    const { code, matches, stderr } = yield* find([
      `Authorization: Bearer ${tokens.new},`,
      "",
      `  ${tokens.oldest}  `,
      `{"a":"${tokens.old}"} again ${tokens.new}`
    ].join("\n"))
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(matches, [["exact", "stdin:1:23", id(1)], ["exact", "stdin:4:7", id(2)], [
      "exact",
      "stdin:3:3",
      id(3)
    ]])
    assert.match(
      stderr,
      /^Account \S+ at \S+\n3 tokens in the input\. Bare UUID tokens of old authorizations are looked/
    )
  }).pipe(Effect.provide(layer)))

it.effect("find counts a masked match as found, apart from exact ones", () =>
  Effect.gen(function*() {
    assert.deepInclude(yield* find(tokens.masked), { code: 0, matches: [["masked", "stdin:1:1", id(4)]] })
    const { stdout } = yield* cli(["find"], { stdin: `${tokens.masked}\n${tokens.new}` })
    const lines = stdout.split("\n")
    assert.deepStrictEqual([lines[0], lines[2]?.slice(0, 47)], ["Exact matches", `${id(1)}  stdin:2:1`])
    assert.deepStrictEqual([lines[3]?.slice(0, 15), lines[5]?.slice(0, 47)], ["Masked matches:", `${id(4)}  stdin:1:1`])
  }).pipe(Effect.provide(layer)))

it.effect("find exits with 1 if a token was not found", () =>
  Effect.gen(function*() {
    const { code, matches, stderr } = yield* find(`${tokens.unknown}\n${tokens.new}`)
    assert.deepStrictEqual([code, matches], [1, [["exact", "stdin:2:1", id(1)]]])
    assert.include(stderr, "\nThe token at stdin:1:1 was not found\n1 token not found")
    assert.include(stderr, "\nExact matches: 1, masked: 0. Authorizations compared: 4, not comparable: 0\n")
  }).pipe(Effect.provide(layer)))

const layerIncomparable = layerFake({
  clearTokens: true,
  seed: [{ id: id(1), accessToken: tokens.new }, { id: id(2), accessToken: "HRKU-AA**********" }]
})

it.effect("find exits with 2 if a token was not found and an authorization could not be compared", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* find(tokens.unknown)
    assert.strictEqual(code, 2)
    assert.include(stderr, "1 authorization could not be compared")
    const found = yield* find(tokens.new)
    assert.strictEqual(found.code, 0)
    assert.match(found.stderr, /\nExact matches: 1, masked: 0\. Authorizations compared: 1, not comparable: 1$/)
  }).pipe(Effect.provide(layerIncomparable)))

it.effect("find exits with 2 if a token was not found and an authorization could not be read", () =>
  Effect.gen(function*() {
    const url = yield* serve((_, response) => {
      response.writeHead(200, { "content-type": "application/json" })
      response.end(JSON.stringify([{ ...payloads.full, id: id(1) }, { id: id(2), scope: "broken" }]))
    })
    const { code, stderr } = yield* cli(["find"], { stdin: tokens.unknown, env: { HEROKU_API_URL: url } })
    assert.strictEqual(code, 2)
    assert.include(stderr, `Authorization ${id(2)} cannot be read: `)
    assert.include(stderr, "\nExact matches: 0, masked: 0. Authorizations compared: 1, not comparable: 1\n")
    assert.include(stderr, "\nThe token at stdin:1:1 was not found\n1 authorization could not be compared")
  }).pipe(Effect.provide(layer)))

it.effect("find exits with 2 for masked tokens in the input", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* find(`${mask(tokens.masked, 12)}\n${tokens.new}`)
    assert.strictEqual(code, 2)
    assert.include(stderr, "The token at stdin:1:1 is masked: it cannot be searched for")
  }).pipe(Effect.provide(layer)))

it.effect("find ignores names that only begin like a token", () =>
  Effect.gen(function*() {
    const names = "started hrku-prod-worker-01, HRKU-PROD, HRKU-BACKEND-WORKER, HRKU-1234 and HRKU-…"
    const { code, stderr } = yield* find(`${names}\n${tokens.new}`)
    assert.strictEqual(code, 0)
    assert.include(stderr, "\n1 token in the input.")
  }).pipe(Effect.provide(layer)))

const cutOff = tokens.new.slice(0, 40)

it.effect.each(
  [
    ["cut off", cutOff, 40],
    ["cut off, at the end of a sentence", `Use ${cutOff}.`, 40],
    ["cut off soon", "HRKU-AAn3w", 10],
    ["cut off in the form before", tokens.old.slice(0, 20), 20],
    ["of another form", `HRKU-BB${"n3w_".repeat(14)}-Z`, 65],
    ["in lower case", tokens.new.toLowerCase(), 65],
    ["in lower case and the form before", tokens.old.toLowerCase(), 41]
  ] as const
)(
  "find reports a text that begins like a token and is %s, and exits with 2",
  ([, text, length]) =>
    Effect.gen(function*() {
      const { code, matches, stderr } = yield* find(`${tokens.new}\n${text}`)
      assert.deepStrictEqual([code, matches], [2, [["exact", "stdin:1:1", id(1)]]])
      assert.include(
        stderr,
        `The text at stdin:2:${
          text.search(/hrku-/i) + 1
        } begins like a token and has ${length} characters: it cannot be searched for\n`
      )
      assert.match(
        stderr,
        /\n1 text could not be searched for: pass the token in full, with 65 or 41 characters, or look/
      )
      assert.notInclude(stderr, text.slice(0, 9))
    }).pipe(Effect.provide(layer))
)

it.effect("find takes linear time for a line of beginnings of tokens", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* find(`${tokens.new} ${"HRKU-".repeat(200_000)}AAx`)
    assert.strictEqual(code, 2)
    assert.include(stderr, `The text at stdin:1:${67 + 5 * 199_999} begins like a token and has 8 characters`)
  }).pipe(Effect.provide(layer)))

it.effect("find requests nothing if no token can be searched for", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    const { code, stderr } = yield* find(`${cutOff}\n${mask(tokens.masked, 12)}`)
    assert.strictEqual(code, 2)
    assert.include(stderr, "The text at stdin:1:1 begins like a token")
    assert.include(stderr, "The token at stdin:2:1 is masked")
    assert.include(stderr, "\n2 texts could not be searched for")
    assert.isEmpty(yield* faults.calls)
  }).pipe(Effect.provide(layer)))

it.effect.each(["*", "**", "***"])("find finds a token between %s of Markdown", (mark) =>
  Effect.gen(function*() {
    const { code, matches } = yield* find(`Use ${mark}${tokens.new}${mark} and ${mark}${tokens.old}${mark}`)
    assert.deepStrictEqual([code, matches], [0, [
      ["exact", `stdin:1:${5 + mark.length}`, id(1)],
      ["exact", `stdin:1:${75 + 3 * mark.length}`, id(2)]
    ]])
  }).pipe(Effect.provide(layer)))

it.effect.each(["HRKU-**********", "HRKU-AAab***yz, **bold**"])(
  "find reports %s in the input as masked",
  (text) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* find(`${tokens.new} ${text}`)
      assert.strictEqual(code, 2)
      assert.include(stderr, "The token at stdin:1:67 is masked: it cannot be searched for")
    }).pipe(Effect.provide(layer))
)

it.effect("find ignores a bare UUID beside other text", () =>
  Effect.gen(function*() {
    const { code, matches } = yield* find(`id=${tokens.oldest}\n${tokens.new}`)
    assert.deepStrictEqual([code, matches], [0, [["exact", "stdin:2:1", id(1)]]])
  }).pipe(Effect.provide(layer)))

it.effect("find gives each token of a line a position of its own, which revoke keeps apart", () =>
  Effect.gen(function*() {
    const line = `{"a":"${tokens.masked}","b":"${twin}","c":"HRKU-AAcut","d":"HRKU-***"}`
    const [second, third, fourth] = [twin, "HRKU-AAcut", "HRKU-***"].map((text) => line.indexOf(text) + 1)
    const { matches, stderr } = yield* find(line)
    assert.deepStrictEqual(matches, [["masked", "stdin:1:7", id(5)], ["masked", `stdin:1:${second}`, id(6)]])
    assert.include(stderr, `The text at stdin:1:${third} begins like a token`)
    assert.include(stderr, `The token at stdin:1:${fourth} is masked`)
    const { stdout } = yield* cli(["find", "--json"], { stdin: line })
    const plan = yield* cli(["revoke", "-"], { stdin: stdout })
    assert.include(plan.stdout, "Masked matches: 2.")
    assert.notInclude(plan.stdout, "belongs to one at most")
  }).pipe(Effect.provide(layerFake({
    clearTokens: true,
    seed: [{ id: id(5), accessToken: mask(tokens.masked, 12) }, { id: id(6), accessToken: mask(twin, 12) }]
  }))))

it.effect("find mentions teams if a token was not found", () =>
  Effect.gen(function*() {
    const { stderr } = yield* find(tokens.unknown)
    assert.include(
      stderr,
      "1 token not found: revoked already, or of another account or of a team, which --team searches"
    )
    const team = yield* find(tokens.new, "--team", "ops")
    assert.include(team.stderr, "1 token not found: revoked already, or not of this team")
  }).pipe(Effect.provide(layerFake({ clearTokens: true, seed: [], teams: [{ name: "ops" }] }))))

it.effect("find reads files", () =>
  Effect.gen(function*() {
    const directory = yield* temporaryDirectory
    const one = join(directory, "one.log")
    const two = join(directory, "two.log")
    writeFileSync(one, `x\n${tokens.new}`)
    writeFileSync(two, tokens.old)
    const { code, matches } = yield* find(tokens.oldest, one, two, "-")
    assert.deepStrictEqual([code, matches], [0, [
      ["exact", `${one}:2:1`, id(1)],
      ["exact", `${two}:1:1`, id(2)],
      ["exact", "stdin:1:1", id(3)]
    ]])
    const missing = yield* find("", join(directory, "missing.log"))
    assert.strictEqual(missing.code, 2)
    assert.include(missing.stderr, "missing.log")
  }).pipe(Effect.provide(layer)))

it.effect.each(
  [
    [tokens.new, "Pass tokens on standard input or in files"],
    ["-", "The input holds no token"]
  ] as const
)("find rejects its input (%#) with exit code 2", ([argument, message]) =>
  Effect.gen(function*() {
    const { code, stderr } = yield* find("no token here", argument)
    assert.strictEqual(code, 2)
    assert.include(stderr, message)
  }).pipe(Effect.provide(layer)))

it.effect("find exits with 2 if the listing fails", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403, { message: "No." }))
    const { code, matches, stderr } = yield* find(tokens.new)
    assert.deepStrictEqual([code, matches], [2, []])
    assert.include(stderr, "The token may not do this: No.")
  }).pipe(Effect.provide(layer)))
