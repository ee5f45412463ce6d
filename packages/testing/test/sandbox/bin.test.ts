/** Runs the sandbox as a user does: in its own process, with flags, until it is interrupted. */
import { assert, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterEach } from "vitest"

const running: Array<ChildProcess> = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL")
})

const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/sandbox/bin.ts"), ...args])
  running.push(child)
  const printed = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => printed.stdout += chunk)
  child.stderr.on("data", (chunk) => printed.stderr += chunk)
  const ended = once(child, "close").then(([code]) => ({ ...printed, code: Number(code) }))
  return { child, printed, ended }
}

/** The URL in the line that the sandbox prints once it listens. */
const listening = async ({ child }: ReturnType<typeof start>): Promise<string> => {
  const [line] = await once(createInterface({ input: child.stdout }), "line")
  return /http:\/\/127\.0\.0\.1:\d+/.exec(String(line))![0]
}

const headers = { accept: "application/vnd.heroku+json; version=3", authorization: "Bearer right" }

it("the sandbox prints one line with its URL and serves the account of its flags", async () => {
  const sandbox = start("--count", "450", "--token", "right", "--seed", "7", "--rate-limit", "3")
  const url = await listening(sandbox)
  const list = await fetch(`${url}/oauth/authorizations`, { headers })
  assert.strictEqual(list.status, 206)
  assert.strictEqual(list.headers.get("ratelimit-remaining"), "2")
  assert.match(String(list.headers.get("next-range")), /^id \][0-9a-f-]{36}\.\.; max=200$/)
  assert.lengthOf(await list.json(), 200)
  const wrong = await fetch(`${url}/oauth/authorizations`, { headers: { ...headers, authorization: "Bearer wrong" } })
  assert.deepStrictEqual([wrong.status, await wrong.json()], [401, {
    id: "unauthorized",
    message: "Invalid credentials provided."
  }])
  const rest = await fetch(`${url}/oauth/authorizations`, {
    headers: { ...headers, range: String(list.headers.get("next-range")).replace("200", "1000") }
  })
  assert.strictEqual(rest.status, 200)
  assert.lengthOf(await rest.json(), 250)
  assert.strictEqual((await fetch(`${url}/oauth/authorizations/~`, { headers })).status, 200)
  assert.strictEqual((await fetch(`${url}/oauth/authorizations`, { headers })).status, 429)
  assert.strictEqual(sandbox.printed.stdout, `Heroku sandbox with 450 authorizations at ${url}\n`)
  assert.deepStrictEqual(sandbox.printed.stderr.replaceAll(/\d+ ms/g, "N ms").split("\n"), [
    "GET    /oauth/authorizations -> 206 N ms",
    "GET    /oauth/authorizations -> 401 N ms",
    `GET    /oauth/authorizations [${String(list.headers.get("next-range")).replace("200", "1000")}] -> 200 N ms`,
    "GET    /oauth/authorizations/~ -> 200 N ms",
    "GET    /oauth/authorizations -> 429 N ms",
    ""
  ])
})

it("the sandbox requires the second factor of --two-factor", async () => {
  const url = await listening(start("--two-factor", "123456"))
  const without = await fetch(`${url}/oauth/authorizations`, { headers })
  assert.deepStrictEqual([without.status, without.headers.get("heroku-two-factor-required")], [403, "true"])
  const code = { ...headers, "heroku-two-factor-code": "123456" }
  assert.strictEqual((await fetch(`${url}/oauth/authorizations`, { headers: code })).status, 206)
})

it("the sandbox injects the faults of --fault", async () => {
  const url = await listening(
    start("--fault", "503,operation=list,every=2", "--fault", "reset,operation=info")
  )
  const list = () => fetch(`${url}/oauth/authorizations`, { headers }).then(({ status }) => status)
  assert.deepStrictEqual([await list(), await list(), await list(), await list()], [206, 503, 206, 503])
  const broken = await listening(start("--fault", "missing-next-range", "--fault", "repeated-next-range"))
  const nextRange = () =>
    fetch(`${broken}/oauth/authorizations`, { headers: { ...headers, range: "id ..; max=10" } })
      .then((response) => [response.status, response.headers.get("next-range")])
  assert.deepStrictEqual([await nextRange(), await nextRange()], [[206, null], [206, "id ..; max=10"]])
  const info = () => fetch(`${url}/oauth/authorizations/~`, { headers }).then(({ status }) => status, () => "reset")
  assert.deepStrictEqual([await info(), await info()], ["reset", 200])
})

it("the sandbox stores its account in the file of --state", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const file = join(directory, "account.json")
  try {
    const first = start("--count", "3", "--state", file)
    const url = await listening(first)
    const body = JSON.stringify({ scope: ["read"], description: "stored", expires_in: 3600 })
    const created: { readonly id: string } = await (await fetch(`${url}/oauth/authorizations`, {
      method: "POST",
      headers,
      body
    })).json()
    first.child.kill("SIGINT")
    assert.strictEqual((await first.ended).code, 130)
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)

    const second = start("--count", "100", "--state", file, "--quiet")
    const again = await listening(second)
    assert.include(second.printed.stdout, "with 4 authorizations")
    const stored = await (await fetch(`${again}/oauth/authorizations/${created.id}`, { headers })).json()
    assert.deepInclude(stored, { id: created.id, description: "stored" })
    assert.isAtMost(stored.access_token.expires_in, 3600)
    assert.isAtLeast(stored.access_token.expires_in, 3000)
    assert.strictEqual(second.printed.stderr, "")
    // With the flags of an earlier run the sandbox generates other authorizations than that run.
    const more = await (await fetch(`${again}/oauth/authorizations`, { method: "POST", headers, body })).json()
    assert.notStrictEqual(more.id, created.id)
    assert.lengthOf(await (await fetch(`${again}/oauth/authorizations`, { headers })).json(), 5)
    assert.strictEqual((await fetch(`${again}/oauth/authorizations/~`, { headers })).status, 200)
    second.child.kill("SIGHUP")
    await second.ended
    assert.lengthOf(JSON.parse(readFileSync(file, "utf8")).authorizations, 5)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("the sandbox rejects a file of --state that it cannot use", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const [other, unwritable] = [join(directory, "other.json"), join(directory, "account.json")]
  writeFileSync(other, "{}")
  writeFileSync(
    unwritable,
    `{"savedAt":"2026-01-01T00:00:00Z","defaultAuthorization":null,"revokedTokens":[],"authorizations":[\n]}\n`
  )
  mkdirSync(`${unwritable}.unfinished`)
  try {
    const outcomes = await Promise.all(
      [other, unwritable, join(directory, "missing", "account.json")].map((file) => start("--state", file).ended)
    )
    assert.deepStrictEqual(outcomes.map(({ code, stdout }) => [code, stdout]), [[1, ""], [1, ""], [1, ""]])
    assert.match(outcomes[0]!.stderr, /--state is not the account of a sandbox/)
    for (const { stderr } of outcomes.slice(1)) assert.match(stderr, /--state cannot be read or written/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("a second sandbox on the same --state exits with an error, until the first has ended or was killed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const file = join(directory, "account.json")
  const startOnFile = () => start("--count", "1", "--state", file)
  try {
    const first = startOnFile()
    await listening(first)
    const second = await startOnFile().ended
    assert.deepStrictEqual([second.code, second.stdout], [1, ""])
    assert.match(second.stderr, new RegExp(`--state is in use by the sandbox with process id ${first.child.pid}`))
    // The second sandbox left the lock alone, and the killed one leaves it behind.
    first.child.kill("SIGKILL")
    await first.ended
    const third = startOnFile()
    await listening(third)
    third.child.kill("SIGTERM")
    await third.ended
    assert.deepStrictEqual(readdirSync(directory), ["account.json"])
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("the sandbox exits with an error if another one is just writing the lock of --state", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const file = join(directory, "account.json")
  writeFileSync(`${file}.lock`, "")
  try {
    const { code, stderr, stdout } = await start("--count", "1", "--state", file).ended
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.include(stderr, `in use by another sandbox. If it is not running, remove ${file}.lock`)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("a second sandbox on a symbolic link to the file of --state exits with an error, and the link remains", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const [file, link] = [join(directory, "account.json"), join(directory, "link.json")]
  try {
    const first = start("--count", "1", "--state", file)
    await listening(first)
    symlinkSync(file, link)
    const second = await start("--count", "1", "--state", link).ended
    assert.strictEqual(second.code, 1)
    assert.match(second.stderr, new RegExp(`--state is in use by the sandbox with process id ${first.child.pid}`))
    first.child.kill("SIGTERM")
    await first.ended
    const third = start("--count", "1", "--state", link)
    await listening(third)
    third.child.kill("SIGTERM")
    await third.ended
    assert.isTrue(lstatSync(link).isSymbolicLink())
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("the sandbox leaves a lock alone that another one has replaced", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sandbox-"))
  const file = join(directory, "account.json")
  try {
    const sandbox = start("--count", "1", "--state", file)
    await listening(sandbox)
    const other = `${sandbox.child.pid} another owner`
    writeFileSync(`${file}.lock`, other)
    sandbox.child.kill("SIGTERM")
    await sandbox.ended
    assert.strictEqual(readFileSync(`${file}.lock`, "utf8"), other)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

it("the sandbox shows tokens, old shapes and teams with their flags, on the address of --host", async () => {
  const sandbox = start("--host", "0.0.0.0", "--clear-tokens", "--old-shapes", "--team", "acme", "--team", "umbrella")
  const [line] = await once(createInterface({ input: sandbox.child.stdout }), "line")
  const port = /470 authorizations at http:\/\/0\.0\.0\.0:(\d+)/.exec(String(line))![1]
  const read = async (path: string, version = "3") => {
    const accept = `application/vnd.heroku+json; version=${version}`
    const sent = { accept, authorization: "Bearer any", range: "id ..; max=1000" }
    return JSON.stringify(await (await fetch(`http://127.0.0.1:${port}${path}`, { headers: sent })).json())
  }
  const list = await read("/oauth/authorizations")
  assert.notInclude(list, "**********")
  assert.include(list, `"scope":["app","user"]`)
  const lists = ["acme", "umbrella"].map((team) => read(`/teams/${team}/oauth/authorizations`, "3.sdk"))
  for (const text of await Promise.all(lists)) assert.lengthOf(JSON.parse(text), 10)
})

it.each(["SIGINT", "SIGTERM"] as const)("the sandbox stops at once on %s while a client waits", async (signal) => {
  const sandbox = start("--latency", "60000")
  const url = await listening(sandbox)
  const waiting = fetch(`${url}/oauth/authorizations`, { headers }).then(() => "responded", () => "closed")
  sandbox.child.kill(signal)
  const { code, stderr } = await sandbox.ended
  assert.strictEqual(code, 130)
  assert.strictEqual(await waiting, "closed")
  assert.notInclude(stderr, "Error")
})

it("the sandbox prints an error if its port is in use", async () => {
  const url = await listening(start())
  const { code, stderr, stdout } = await start("--port", new URL(url).port).ended
  assert.deepStrictEqual([code, stdout], [1, ""])
  assert.match(stderr, /Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/)
  assert.notMatch(stderr, /^ +at /m)
})

it.each([
  ["--port", "70000", /a whole number, 0 to 65535/],
  ["--count", "many", /--count/],
  ["--latency", "-1", /--latency/],
  ["--rate-limit", "0", /a whole number, 1 or more/],
  ["--rate-limit-refill", "0", /a whole number, 1 or more/],
  ["--token", "", /--token/],
  ["--fault", "explode", /"explode" is not a valid fault/],
  ["--fault", "503,operation=read", /"operation=read" is not a valid condition/],
  ["--fault", "503,times=0", /"times=0" is not a valid condition/],
  ["--fault", "503,id=a,id=b", /a condition is repeated/],
  ["--pages", "3", /Unrecognized flag: --pages/]
])("the sandbox rejects %s %s with a message", async (flag, value, message) => {
  const { code, stderr } = await start(flag, value).ended
  assert.strictEqual(code, 1)
  assert.match(stderr, message)
})

it("the sandbox prints every flag with --help", async () => {
  const { code, stdout } = await start("--help").ended
  assert.strictEqual(code, 0)
  for (
    const flag of [
      "--port",
      "--host",
      "--team",
      "--clear-tokens",
      "--old-shapes",
      "--count",
      "--latency",
      "--token",
      "--seed",
      "--rate-limit",
      "--rate-limit-refill",
      "--two-factor",
      "--fault",
      "--state",
      "--quiet"
    ]
  ) {
    assert.include(stdout, flag)
  }
})
