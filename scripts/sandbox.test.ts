/** Runs the sandbox as a person would: in a process of its own, with flags, over its socket, until it is interrupted. */
import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterEach } from "vitest"

const running: Array<ChildProcess> = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL")
})

const start = (...args: ReadonlyArray<string>) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "sandbox.ts"), ...args])
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

describe("sandbox", () => {
  it("prints one line with its URL, and serves the account that the flags describe", async () => {
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
    assert.strictEqual(sandbox.printed.stderr, "")
  })

  it.each(["SIGINT", "SIGTERM"] as const)("stops at once on %s, whatever its clients wait for", async (signal) => {
    const sandbox = start("--latency", "60000")
    const url = await listening(sandbox)
    const waiting = fetch(`${url}/oauth/authorizations`, { headers }).then(() => "answered", () => "closed")
    sandbox.child.kill(signal)
    const { code, stderr } = await sandbox.ended
    assert.deepStrictEqual([code, stderr, await waiting], [130, "", "closed"])
  })

  it("says so when its port is taken", async () => {
    const url = await listening(start())
    const { code, stderr, stdout } = await start("--port", new URL(url).port).ended
    assert.deepStrictEqual([code, stdout], [1, ""])
    assert.match(stderr, /^Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/)
  })

  it.each([
    ["--port", "70000", /a whole number, 0 to 65535/],
    ["--count", "many", /--count/],
    ["--latency", "-1", /--latency/],
    ["--rate-limit", "0", /a whole number, 1 or more/],
    ["--pages", "3", /Unrecognized flag: --pages/]
  ])("refuses %s %s with a message", async (flag, value, message) => {
    const { code, stderr } = await start(flag, value).ended
    assert.strictEqual(code, 1)
    assert.match(stderr, message)
  })

  it("explains itself", async () => {
    const { code, stdout } = await start("--help").ended
    assert.strictEqual(code, 0)
    for (const flag of ["--port", "--count", "--latency", "--token", "--seed", "--rate-limit"]) {
      assert.include(stdout, flag)
    }
  })
})
