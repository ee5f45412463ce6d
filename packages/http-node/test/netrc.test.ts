import { assert, describe, it } from "@effect/vitest"
import { findEntry } from "../src/internal/netrc.ts"

const api = "machine api.heroku.com"

const findPassword = (text: string, machine: string) => findEntry(text, [machine])?.password

describe("findEntry", () => {
  it.each([
    ["as the Heroku command line writes it", `${api}\n  login me@example.com\n  password HRKU-1\n`],
    ["on one line", `${api} login me@example.com password HRKU-1`],
    ["after other machines", `machine git.heroku.com login a password b\n${api} password HRKU-1 login c`],
    ["in quotes", `machine "api.heroku.com" login "a b" password "HRKU-1"`],
    ["with comments", `# old: ${api} password no\n${api} # mine\npassword HRKU-1`],
    ["with Windows line ends", `${api}\r\nlogin a\r\npassword HRKU-1\r\n`],
    ["in another case", "machine API.Heroku.com password HRKU-1"],
    ["after a macro", `macdef init\n${api} password no\n\n${api} password HRKU-1`],
    ["after a macro of many lines", `macdef init\ny\n  ${api} password no\n\n${api} password HRKU-1`],
    ["after an indented macro", ` macdef init\n${api} password no\n\n${api} password HRKU-1`],
    ["with a login that is a keyword", `${api} login password password HRKU-1`],
    ["with a login named macdef", `${api} login macdef\npassword HRKU-1`],
    ["with an account that is a keyword", `${api} account password password HRKU-1`],
    ["with each word on its own line", "machine\napi.heroku.com\n\npassword\nHRKU-1"],
    ["after a password without machine", `password no\n${api} password HRKU-1`],
    ["after unknown words", `${api} port 443 password HRKU-1`],
    ["after a login without a value", `${api}\n  login\n  password HRKU-1\n`],
    ["after an account without a value", `${api}\n  login a\n  account\n  password HRKU-1\n`],
    ["after an entry without a password", `${api} login a\n${api} login a password HRKU-1`],
    ["after a macro at the end of a line with spaces", `macdef init  \nx\n \n${api} password HRKU-1`],
    [
      "between passwords that begin with a quote",
      `machine a password "b\n${api} password HRKU-1\nmachine c password "d\n`
    ],
    [
      "between values with a quote at the beginning and at the end",
      `machine a password "b\n${api} password HRKU-1\nmachine c password d"`
    ],
    ["after an account that begins like a macro", `${api}\naccount\nmacdef-a\npassword HRKU-1`],
    ["without a newline after a comment", `${api} password HRKU-1 # mine`]
  ])("findEntry finds a password %s", (_, text) => {
    assert.strictEqual(findPassword(text, "api.heroku.com"), "HRKU-1")
  })

  it.each([
    ["a value that begins with #", "machine m login a password #b # mine\n", "#b"],
    ["escapes in a quoted value", `machine m password "a\\"b\\\\c"`, `a"b\\c`],
    ["a quoted value with spaces", `machine m password "a b"`, "a b"],
    ["a lone quote", `machine m password "a\nmachine n password b"`, `"a`],
    ["a quote in the middle of a value", `machine m password a"b`, `a"b`],
    ["a quoted value that ends in the middle of a word", `machine m password "a"b`, `"a"b`]
  ])("findEntry reads %s", (_, text, password) => {
    assert.strictEqual(findPassword(text, "m"), password)
  })

  it.each([
    ["an empty file", ""],
    ["the entry of another machine", "machine git.heroku.com login a password b"],
    ["an entry without password", `${api} login a\nmachine git.heroku.com password b`],
    ["an entry with an empty password", `${api} password ""`],
    ["an entry that ends early", `${api} login a password`],
    ["an entry that ends in a macro", `${api} password\nmacdef init\npassword b`],
    ["a file that ends before the name", "machine"],
    ["the default entry, which is not for Heroku", `${api} login a\ndefault login b password c`],
    ["a comment", `# ${api} password b`],
    ["a comment without a space", `#${api}\n#my ${api} password b`]
  ])("findEntry finds nothing in %s", (_, text) => {
    assert.isUndefined(findPassword(text, "api.heroku.com"))
  })

  it("findEntry returns the login after the password", () => {
    assert.strictEqual(
      findEntry(`${api} password HRKU-1 login me@example.com`, ["api.heroku.com"])?.login,
      "me@example.com"
    )
  })

  it("findEntry returns no login when its value is missing", () => {
    assert.isUndefined(findEntry(`${api}\nlogin\npassword HRKU-1`, ["api.heroku.com"])?.login)
  })

  it("findEntry returns the login of the same entry", () => {
    const text = `machine a login one password HRKU-1\nmachine b password HRKU-2\nmachine c login three password HRKU-3`
    assert.isUndefined(findEntry(text, ["b"])?.login)
  })

  it("findEntry prefers the first machine that it is given", () => {
    const text = "machine localhost password HRKU-1\nmachine localhost:4567 password HRKU-2"
    assert.strictEqual(findEntry(text, ["localhost:4567", "localhost"])?.password, "HRKU-2")
    assert.strictEqual(findEntry(text, ["localhost:80", "localhost"])?.password, "HRKU-1")
  })
})
