import { assert, describe, it } from "@effect/vitest"
import { findPassword } from "../src/internal/netrc.ts"

describe("findPassword", () => {
  it.each([
    ["as the Heroku command line writes it", "machine api.heroku.com\n  login me@example.com\n  password HRKU-1\n"],
    ["on one line", "machine api.heroku.com login me@example.com password HRKU-1"],
    [
      "after other machines",
      "machine git.heroku.com login a password b\nmachine api.heroku.com password HRKU-1 login c"
    ],
    ["in quotes", `machine "api.heroku.com" login "a b" password "HRKU-1"`],
    ["with comments", "# old: machine api.heroku.com password no\nmachine api.heroku.com # mine\npassword HRKU-1"],
    ["with the line ends of Windows", "machine api.heroku.com\r\nlogin a\r\npassword HRKU-1\r\n"],
    ["in another case", "machine API.Heroku.com password HRKU-1"],
    ["after a macro", "macdef init\nmachine api.heroku.com password no\n\nmachine api.heroku.com password HRKU-1"],
    [
      "after a macro of many lines",
      "macdef init\ny\n  machine api.heroku.com password no\n\nmachine api.heroku.com password HRKU-1"
    ],
    [
      "after an indented macro",
      " macdef init\nmachine api.heroku.com password no\n\nmachine api.heroku.com password HRKU-1"
    ],
    ["with a login that sounds like a macro", "machine api.heroku.com login macdef\npassword HRKU-1"],
    ["with each word on a line of its own", "machine\napi.heroku.com\n\npassword\nHRKU-1"],
    ["after a password of no machine", "password no\nmachine api.heroku.com password HRKU-1"],
    ["after words that nobody knows", "machine api.heroku.com port 443 password HRKU-1"],
    ["with a login that is a keyword", "machine api.heroku.com login password password HRKU-1"],
    ["with an account that is a keyword", "machine api.heroku.com account password password HRKU-1"]
  ])("finds the password %s", (_, text) => {
    assert.strictEqual(findPassword(text, "api.heroku.com"), "HRKU-1")
  })

  it("takes a value that begins with # for a value", () => {
    assert.strictEqual(findPassword("machine m login a password #b # mine\n", "m"), "#b")
  })

  it("unescapes quoted words", () => {
    assert.strictEqual(findPassword(`machine m password "a\\"b\\\\c"`, "m"), `a"b\\c`)
  })

  it.each([
    ["an empty file", ""],
    ["another machine", "machine git.heroku.com login a password b"],
    ["an entry without password", "machine api.heroku.com login a\nmachine git.heroku.com password b"],
    ["an entry that ends early", "machine api.heroku.com login a password"],
    ["an entry that ends in a macro", "machine api.heroku.com password\nmacdef init\npassword b"],
    ["a file that ends before the name", "machine"],
    ["the default entry, which is not meant for Heroku", "machine api.heroku.com login a\ndefault login b password c"],
    ["a comment", "# machine api.heroku.com password b"],
    ["a comment without a space", "#machine api.heroku.com\n#my machine api.heroku.com password b"]
  ])("finds nothing in %s", (_, text) => {
    assert.isUndefined(findPassword(text, "api.heroku.com"))
  })
})
