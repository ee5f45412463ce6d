import { assert, describe, it } from "@effect/vitest"
import { findPassword } from "../src/internal/netrc.ts"

const api = "machine api.heroku.com"

describe("findPassword", () => {
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
    ["after unknown words", `${api} port 443 password HRKU-1`]
  ])("findPassword finds a password %s", (_, text) => {
    assert.strictEqual(findPassword(text, "api.heroku.com"), "HRKU-1")
  })

  it.each([
    ["a value that begins with #", "machine m login a password #b # mine\n", "#b"],
    ["escapes in a quoted value", `machine m password "a\\"b\\\\c"`, `a"b\\c`]
  ])("findPassword reads %s", (_, text, password) => {
    assert.strictEqual(findPassword(text, "m"), password)
  })

  it.each([
    ["an empty file", ""],
    ["the entry of another machine", "machine git.heroku.com login a password b"],
    ["an entry without password", `${api} login a\nmachine git.heroku.com password b`],
    ["an entry that ends early", `${api} login a password`],
    ["an entry that ends in a macro", `${api} password\nmacdef init\npassword b`],
    ["a file that ends before the name", "machine"],
    ["the default entry, which is not for Heroku", `${api} login a\ndefault login b password c`],
    ["a comment", `# ${api} password b`],
    ["a comment without a space", `#${api}\n#my ${api} password b`]
  ])("findPassword finds nothing in %s", (_, text) => {
    assert.isUndefined(findPassword(text, "api.heroku.com"))
  })
})
