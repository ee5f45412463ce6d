import { FaultInjection, HerokuAccount } from "@effect-heroku/testing"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { cli, daysAgo, layerFake, token } from "./fixtures/cli.ts"

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const own = id(9)
const seed = [
  { id: id(1), description: "CI", createdAt: daysAgo(400) },
  { id: id(2), description: "deploys", createdAt: daysAgo(10) },
  { id: own, description: "my own", createdAt: daysAgo(500), accessToken: token }
]
const layer = layerFake({ seed })

const remaining = HerokuAccount.HerokuAccount.use((account) =>
  Effect.map(account.authorizations, (items) => items.map((item): string => item.id))
)

it.effect("revoke --yes shows the plan, revokes and reports each authorization", () =>
  Effect.gen(function*() {
    const { code, questions, stderr, stdout } = yield* cli(["revoke", id(2), id(1), "--yes"])
    assert.deepStrictEqual([code, questions], [0, []])
    assert.deepStrictEqual(stdout.split("\n").toSorted(), [`${id(1)} revoked`, `${id(2)} revoked`])
    assert.match(stderr, /^Account \S+ at \S+\nRevoke 2 authorizations:\n/)
    assert.match(stderr, /\n2 revoked, 0 not found, 0 failed$/)
    assert.deepStrictEqual(yield* remaining, [own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke without a terminal prints the plan, changes nothing and exits with 3", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", "--older-than", "30d"])
    assert.strictEqual(code, 3)
    assert.match(stdout, /^Account \S+ at \S+\nRevoke 1 authorization:\n/)
    assert.include(stdout, `\n${id(1)}  `)
    assert.include(stdout, `\nLeft out: ${own}, whose token this command uses.`)
    assert.match(stderr, /^Nothing was changed: .* --yes/)
    assert.lengthOf(yield* remaining, 3)
  }).pipe(Effect.provide(layer)))

const found = `{"match":"masked","id":"${id(1)}"}\n{"match":"exact","id":"${id(2)}"}`

it.effect("revoke without a terminal marks the masked matches of find in the plan", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", "-"], { stdin: found })
    assert.strictEqual(code, 3)
    assert.include(stderr, "Run this command again with --yes and --confirm ID for each masked match")
    assert.match(stdout, new RegExp(`^ID +MATCH +CREATED .*\\n${id(1)} +masked .*\\n${id(2)} {3,}`, "m"))
    assert.include(stdout, "\nMasked matches: 1. Other tokens can look the same, so compare descriptions and dates")
    assert.match(stdout, new RegExp(`\\nMasked match: ${id(1)} \\(CI, created .*Only --confirm ${id(1)} revokes it`))
  }).pipe(Effect.provide(layer)))

it.effect("revoke --yes leaves out a masked match of find and exits with 1", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", "-", "--yes"], { stdin: found })
    assert.deepStrictEqual([code, stdout], [1, `${id(2)} revoked`])
    assert.include(stderr, "Not revoked, because not confirmed: 1 masked match")
    assert.deepStrictEqual(yield* remaining, [id(1), own])
    assert.strictEqual((yield* cli(["revoke", "-", "--yes"], { stdin: found.split("\n")[0]! })).code, 1)
    assert.deepStrictEqual(yield* remaining, [id(1), own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke --yes --confirm revokes the masked match with this id", () =>
  Effect.gen(function*() {
    const stdin = `${found}\n{"match":"masked","id":"${own}"}`
    const { code } = yield* cli(["revoke", "-", "--yes", "--including-own", "--confirm", id(1)], { stdin })
    assert.strictEqual(code, 1)
    assert.deepStrictEqual(yield* remaining, [own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke revokes an authorization that is both an exact and a masked match without --confirm", () =>
  Effect.gen(function*() {
    const stdin = `${found}\n{"match":"exact","id":"${id(1)}"}`
    assert.strictEqual((yield* cli(["revoke", "-", "--yes"], { stdin })).code, 0)
    assert.deepStrictEqual(yield* remaining, [own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke asks a question of its own for a masked match", () =>
  Effect.gen(function*() {
    const asked = yield* cli(["revoke", "-"], { stdin: found, replies: ["yes", "no"] })
    assert.strictEqual(asked.code, 1)
    assert.match(asked.questions[1]!, new RegExp(`^Revoke ${id(1)} \\(CI, created .*\\), a masked match\\?`))
    assert.deepStrictEqual(yield* remaining, [id(1), own])
    const again = yield* cli(["revoke", "-"], { stdin: found.split("\n")[0]!, replies: ["yes"] })
    assert.deepStrictEqual([again.code, again.questions.length], [0, 1])
    assert.deepStrictEqual(yield* remaining, [own])
  }).pipe(Effect.provide(layer)))

const matches = (count: number, match: string) =>
  Array.from(
    { length: count },
    (_, index) => JSON.stringify({ match, source: `app.log:${index + 1}`, id: `${match}-${index}` })
  )
const layerMatches = layerFake({
  seed: [
    ...Array.from({ length: 120 }, (_, index) => ({ id: `masked-${index}`, description: `app ${index}` })),
    { id: "exact-0", description: "exact" }
  ]
})
const questionAboutAll = "Revoke the 120 masked matches? Type 120 to revoke them, or each to decide one by one: "

it.effect("revoke shows every masked match with the position of its token, and asks one question for all", () =>
  Effect.gen(function*() {
    const { code, questions, stderr } = yield* cli(["revoke", "-"], {
      stdin: matches(120, "masked").join("\n"),
      reply: " 120 "
    })
    assert.deepStrictEqual([code, questions, yield* remaining], [0, [questionAboutAll], ["exact-0"]])
    for (let index = 0; index < 120; index++) {
      assert.match(stderr, new RegExp(`^masked-${index} +masked, app.log:${index + 1} +\\d.* app ${index}$`, "m"))
    }
  }).pipe(Effect.provide(layerMatches)))

it.effect.each(["yes", "", "12", "all"])(
  "revoke changes nothing after the reply %j for many masked matches",
  (reply) =>
    Effect.gen(function*() {
      const { code, questions, stderr } = yield* cli(["revoke", "-"], {
        stdin: matches(120, "masked").join("\n"),
        reply
      })
      assert.deepStrictEqual([code, questions.length], [1, 1])
      assert.include(stderr, "Nothing was changed: the reply was neither 120 nor each")
      assert.lengthOf(yield* remaining, 121)
    }).pipe(Effect.provide(layerMatches))
)

it.effect("revoke asks for other matches first, and keeps masked ones without the reply that they need", () =>
  Effect.gen(function*() {
    const stdin = [...matches(3, "masked"), ...matches(1, "exact")].join("\n")
    const { code, questions, stderr } = yield* cli(["revoke", "-"], { stdin, reply: "yes" })
    assert.deepStrictEqual([code, questions], [1, [
      "Revoke 4 authorizations? Type yes to go ahead: ",
      "Revoke the 3 masked matches? Type 3 to revoke them, or each to decide one by one: "
    ]])
    assert.include(stderr, "1 revoked, 0 not found, 0 failed\nNot revoked, because not confirmed: 3 masked matches")
    assert.lengthOf(yield* remaining, 120)
  }).pipe(Effect.provide(layerMatches)))

it.effect("revoke asks for each masked match after the reply each", () =>
  Effect.gen(function*() {
    const stdin = matches(3, "masked").join("\n")
    const { code, questions } = yield* cli(["revoke", "-"], { stdin, replies: ["each", "yes", "no", "yes"] })
    assert.deepStrictEqual([code, questions.length], [1, 4])
    assert.match(questions[1]!, /^Revoke masked-0 \(app 0, created .*\), a masked match\? Type yes to go ahead: $/)
    assert.deepStrictEqual((yield* remaining).filter((item) => /^masked-[012]$/.test(item)), ["masked-1"])
  }).pipe(Effect.provide(layerMatches)))

it.effect("revoke says that only one of several masked matches of a token can be right", () =>
  Effect.gen(function*() {
    const stdin = ["masked-0", "masked-1", "masked-2"]
      .map((item, index) => JSON.stringify({ match: "masked", source: `app.log:${index && 7}`, id: item })).join("\n")
    const { stderr } = yield* cli(["revoke", "-"], { stdin, reply: "" })
    assert.include(stderr, "\nThe token at app.log:7 matches 2 of them, and belongs to one at most\n")
    assert.notInclude(stderr, "The token at app.log:0 matches")
  }).pipe(Effect.provide(layerMatches)))

it.effect("revoke rejects a token in --confirm", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", id(1), "--yes", "--confirm", "hrku-secret"])
    assert.strictEqual(code, 2)
    assert.include(stderr, "--confirm is a token: pass the id of an authorization")
  }).pipe(Effect.provide(layer)))

it.effect("revoke asks on the terminal, and goes ahead after yes", () =>
  Effect.gen(function*() {
    const { code, questions } = yield* cli(["revoke", "-"], { stdin: id(1), reply: " Yes " })
    assert.deepStrictEqual([code, questions], [0, ["Revoke 1 authorization? Type yes to go ahead: "]])
    assert.deepStrictEqual(yield* remaining, [id(2), own])
  }).pipe(Effect.provide(layer)))

it.effect.each(["", "y", "no", "1"])("revoke changes nothing after the reply %j", (reply) =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", "--all"], { reply })
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.include(stderr, "Nothing was changed")
    assert.lengthOf(yield* remaining, 3)
  }).pipe(Effect.provide(layer)))

it.effect("revoke --all leaves out the authorization of the acting token", () =>
  Effect.gen(function*() {
    const { code } = yield* cli(["revoke", "--all", "--yes"])
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(yield* remaining, [own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke exits with 1 if the authorization of the acting token was named and left out", () =>
  Effect.gen(function*() {
    const { code } = yield* cli(["revoke", id(1), own, "--yes"])
    assert.strictEqual(code, 1)
    assert.deepStrictEqual(yield* remaining, [id(2), own])
    const alone = yield* cli(["revoke", own, "--yes"])
    assert.strictEqual(alone.code, 1)
    assert.include(alone.stderr, "--including-own")
  }).pipe(Effect.provide(layer)))

it.effect("revoke --including-own revokes the authorization of the acting token last", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", own, id(2), id(1), "--including-own", "--yes"])
    assert.strictEqual(code, 0)
    assert.strictEqual(stdout.split("\n").at(-1), `${own} revoked`)
    assert.include(stderr, "The token that this command uses is among them. It is revoked last")
    assert.deepStrictEqual(yield* remaining, [])
  }).pipe(Effect.provide(layer)))

it.effect.each([[[]], [["--team", "ops"]], [["--not", id(1)]]] as const)(
  "revoke %j needs a selection or --all",
  ([flags]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli(["revoke", "--yes", ...flags])
      assert.strictEqual(code, 2)
      assert.include(stderr, "pass ids, filters such as --older-than 90d, or --all")
      assert.lengthOf(yield* remaining, 3)
    }).pipe(Effect.provide(layer))
)

it.effect.each([[["-"]], [["--description", "nothing"]]] as const)(
  "revoke %j fails because nothing is selected",
  ([flags]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* cli(["revoke", "--yes", ...flags])
      assert.strictEqual(code, 1)
      assert.include(stderr, "Nothing to revoke: no authorization is selected")
    }).pipe(Effect.provide(layer))
)

it.effect.each(
  [
    ["missing", "Nothing was changed: no authorization has the ids that were passed. An id that was not found is"],
    [own, "Nothing was changed: the plan leaves out all that is selected"]
  ] as const
)("revoke %s says why it revokes nothing", ([named, message]) =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", named, "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, message)
  }).pipe(Effect.provide(layer)))

const layerMasked = layerFake({
  clearTokens: true,
  seed: [{ id: id(1), accessToken: "HRKU-**********" }, { id: id(2) }, { id: id(3) }]
})

it.effect("revoke leaves out tokens that are masked entirely: one may be that of the acting token", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", "--all", "--yes"])
    assert.strictEqual(code, 0)
    assert.include(
      stderr,
      `\nLeft out: ${id(1)}, whose token Heroku masks entirely: it may be the one that this command`
    )
    assert.deepStrictEqual(yield* remaining, [id(1)])
  }).pipe(Effect.provide(layerMasked)))

it.effect("revoke exits with 1 if an authorization was named whose token is masked entirely", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", id(1), id(2), "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, "All but the authorizations that the plan leaves out are revoked")
    assert.deepStrictEqual(yield* remaining, [id(1), id(3)])
    assert.strictEqual((yield* cli(["revoke", id(1), "--yes"])).code, 1)
    assert.deepStrictEqual(yield* remaining, [id(1), id(3)])
  }).pipe(Effect.provide(layerMasked)))

it.effect("revoke --including-own revokes tokens that are masked entirely last", () =>
  Effect.gen(function*() {
    const { code, stderr, stdout } = yield* cli(["revoke", "--all", "--yes", "--including-own"])
    assert.strictEqual(code, 0)
    assert.include(stderr, "Heroku masks the tokens of 1 authorization: one of them may be that of the acting token")
    assert.strictEqual(stdout.split("\n").at(-1), `${id(1)} revoked`)
  }).pipe(Effect.provide(layerMasked)))

it.effect("revoke exits with 1 if an id was not found, and revokes the others", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", id(1), "missing", "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, "\nNot found: missing\n")
    assert.include(stderr, "1 revoked, 1 not found, 0 failed")
    assert.deepStrictEqual(yield* remaining, [id(2), own])
  }).pipe(Effect.provide(layer)))

it.effect("revoke reports what failed, revokes the rest and exits with 1", () =>
  Effect.gen(function*() {
    const faults = yield* FaultInjection.FaultInjection
    yield* faults.inject(FaultInjection.status(403, { message: "No." }), {
      operation: "delete",
      id: id(1)
    })
    const { code, stderr, stdout } = yield* cli(["revoke", "--all", "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stdout, `${id(1)} failed: The token may not do this: No. `)
    assert.include(stdout, `${id(2)} revoked`)
    assert.include(stderr, "1 revoked, 0 not found, 1 failed")
  }).pipe(Effect.provide(layer)))

it.effect("revoke --team finds ids of the team only", () =>
  Effect.gen(function*() {
    const created = yield* cli(["create", "--team", "ops", "--scope", "read", "--json"])
    const teamId: string = JSON.parse(created.stdout).id
    const { code, stderr } = yield* cli(["revoke", "--team", "ops", id(1), teamId, "--yes"])
    assert.strictEqual(code, 1)
    assert.include(stderr, `\nNot found: ${id(1)}\n`)
    assert.include(stderr, "1 revoked, 1 not found, 0 failed")
    assert.deepStrictEqual(yield* remaining, [id(1), id(2), own])
  }).pipe(Effect.provide(layerFake({ seed, teams: [{ name: "ops" }] }))))

it.effect("revoke shows the plan on the terminal that asks if standard error goes to a file", () =>
  Effect.gen(function*() {
    const { questions, stderr } = yield* cli(["revoke", id(1)], { reply: "no", isStderrTerminal: false })
    assert.include(stderr, "Revoke 1 authorization:\n")
    assert.match(
      questions[0]!,
      new RegExp(`\nRevoke 1 authorization:\n.*${id(1)}.*\nRevoke 1 .*yes to go ahead: $`, "s")
    )
  }).pipe(Effect.provide(layer)))

it.effect.each(["revoke", "rotate"])("%s --help explains the exit codes", (command) =>
  Effect.gen(function*() {
    const { stdout } = yield* cli([command, "--help"])
    for (const code of ["0 ", "1 ", "2 ", "3 ", "130 "]) assert.include(stdout, `\n    ${code}`)
  }).pipe(Effect.provide(layer)))

const letters = "085771bb-0000-4000-8000-00000000abcd"
const layerLetters = layerFake({ seed: [...seed, { id: letters, description: "Backups" }] })

it.effect.each(
  [[["list", "--json"]], [["revoke", "--all"]], [["rotate", "--all", "--deliver-command", "cat"]]] as const
)(
  "%j accepts an id in upper case in --not",
  ([command]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* cli([...command, "--not", letters.toUpperCase()])
      assert.strictEqual(code, command[0] === "list" ? 0 : 3, stderr)
      assert.include(stdout, id(2))
      assert.notInclude(stdout, letters)
    }).pipe(Effect.provide(layerLetters))
)

it.effect("revoke accepts ids in upper case as arguments, on standard input and in --confirm", () =>
  Effect.gen(function*() {
    const upper = letters.toUpperCase()
    const [named, read] = [yield* cli(["revoke", upper]), yield* cli(["revoke", "-"], { stdin: upper })]
    for (const { code, stdout } of [named, read]) {
      assert.deepStrictEqual([code, stdout.includes(`\n${letters} `)], [3, true])
    }
    const stdin = `{"match":"masked","id":"${letters}"}`
    assert.strictEqual((yield* cli(["revoke", "-", "--yes", "--confirm", upper], { stdin })).code, 0)
    assert.notInclude(yield* remaining, letters)
  }).pipe(Effect.provide(layerLetters)))

it.effect.each(
  [
    ["list", "--json"],
    ["audit"],
    ["revoke", "--all", "--yes"],
    ["revoke", id(1), "--yes"],
    ["rotate", "--all", "--yes", "--deliver-command", "cat"]
  ].flatMap((command) => [[command, "Backups"], [command, id(7)]] as const)
)("%j --not %s fails because no authorization is left out", ([command, excluded]) =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli([...command, "--not", excluded])
    assert.strictEqual(code, 2)
    assert.include(stderr, `--not ${excluded} leaves out nothing: `)
    assert.deepStrictEqual(yield* remaining, [id(1), id(2), own, letters])
  }).pipe(Effect.provide(layerLetters)))

it.effect("revoke --confirm fails for an id without a masked match", () =>
  Effect.gen(function*() {
    const { code, stderr } = yield* cli(["revoke", "-", "--yes", "--confirm", id(2)], { stdin: found })
    assert.strictEqual(code, 2)
    assert.include(stderr, `--confirm ${id(2)} confirms nothing: `)
    assert.lengthOf(yield* remaining, 3)
  }).pipe(Effect.provide(layer)))
