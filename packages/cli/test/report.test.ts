/** The HTML report in a real browser: the Chromium of the machine. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll } from "vitest"
import { cli, daysAgo, layerFake, temporaryDirectory } from "./fixtures/cli.ts"

const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path))
if (executablePath === undefined) console.log("The tests of the report are skipped: install the package chromium")

const id = (digit: number) => `0000000${digit}-0000-4000-8000-000000000000`
const seed = [
  { id: id(1), description: "Fine token", scope: ["read"], expiresIn: "30 days" },
  { id: id(2), description: "Another fine one", scope: ["identity"], expiresIn: "30 days" },
  { id: id(3), description: "Deploys <script>window.broken = true</script> & \u202Emore\u001B[2J", scope: ["global"] },
  {
    id: id(4),
    description: "long".repeat(60),
    scope: ["read-protected", "write-protected", "read", "write", "identity"]
  },
  {
    id: id(5),
    description: "Fine-grained",
    scope: [`teams:${id(9)}.apps:*.read+write`, `apps:${id(8)}.read-protected`],
    expiresIn: "5 days",
    client: { name: "Continuous delivery of everything, everywhere, all at once" },
    createdAt: daysAgo(800)
  },
  { id: id(6), description: "Dead", scope: ["global"], expiresIn: "0 seconds", createdAt: daysAgo(400) }
] as const

let browser: Promise<Browser> | undefined
const launch = () => browser ??= chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] })
afterAll(async () => (await browser)?.close())

/** Writes a report, opens it, and passes the page to a test. */
const withReport = (
  { colorScheme, width }: { readonly width: number; readonly colorScheme?: "dark" | "light" },
  use: (page: Page) => Promise<void>
) =>
  Effect.gen(function*() {
    const file = join(yield* temporaryDirectory, "report.html")
    const { code, stderr } = yield* cli(["audit", "--html", file])
    assert.deepStrictEqual([code, stderr], [0, `Wrote ${file}`])
    assert.notInclude(readFileSync(file, "utf8"), "HRKU")
    const page = yield* Effect.acquireRelease(
      Effect.promise(async () =>
        (await launch()).newPage({ viewport: { width, height: 900 }, colorScheme: colorScheme ?? "light" })
      ),
      (page) => Effect.promise(() => page.close())
    )
    yield* Effect.promise(async () => {
      const requests: Array<string> = []
      const problems: Array<string> = []
      page.on("request", (request) => requests.push(request.url()))
      page.on("console", (message) => problems.push(message.text()))
      page.on("pageerror", (error) => problems.push(error.message))
      await page.goto(`file://${file}`)
      await use(page)
      assert.deepStrictEqual([requests, problems], [[`file://${file}`], []])
    })
  }).pipe(Effect.provide(Layer.fresh(layerFake({ seed }))))

/** Words that are broken over two lines, other than at punctuation. */
const brokenWords = (page: Page) =>
  page.evaluate(() => {
    const broken: Array<string> = []
    const walker = document.createTreeWalker(document.querySelector("body")!, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.parentElement?.closest("script, caption, thead") !== null) continue
      for (const match of (node.textContent ?? "").matchAll(/\b\w{2,30}\b/g)) {
        const range = document.createRange()
        range.setStart(node, match.index)
        range.setEnd(node, match.index + match[0].length)
        const tops = new Set(Array.from(range.getClientRects(), ({ top }) => Math.round(top)))
        if (tops.size > 1) broken.push(match[0])
      }
    }
    return broken
  })

const shownIds = (page: Page) => page.locator("tbody tr:not([hidden]) code").allTextContents()

describe.skipIf(executablePath === undefined)("the report", () => {
  it.effect.each([390, 800, 1024, 1440])(
    "the report has no horizontal scrolling and no broken words at %i px",
    (width) =>
      withReport({ width }, async (page) => {
        await page.locator("summary").click()
        assert.strictEqual(await page.evaluate(() => document.documentElement.scrollWidth), width)
        assert.deepStrictEqual(await brokenWords(page), [])
      })
  )

  it.effect(
    "the report names account, host and date, and loads nothing",
    () =>
      withReport({ width: 1024 }, async (page) => {
        assert.match(
          await page.locator("header").innerText(),
          /^Heroku authorizations\s+\S+ at 127\.0\.0\.1:\d+, 1970-01-01 00:00 UTC$/
        )
        assert.strictEqual(await page.evaluate(() => "broken" in window), false)
        assert.include(
          await page.locator("main").innerText(),
          String.raw`Deploys <script>window.broken = true</script> & \u202emore\u001b[2J`
        )
      })
  )

  it.effect(
    "the counts of the report filter its rows",
    () =>
      withReport({ width: 1024 }, async (page) => {
        const buttons = page.locator("button")
        assert.deepStrictEqual(await buttons.allInnerTexts(), [
          "1 global scope",
          "2 never expires",
          "1 wide scope",
          "1 old",
          "1 expiring soon",
          "1 expired"
        ])
        const all = await shownIds(page)
        assert.deepStrictEqual(all, [id(3), id(5), id(4), id(6), id(1), id(2)])
        await buttons.nth(1).click()
        assert.deepStrictEqual(await shownIds(page), [id(3), id(4)])
        assert.strictEqual(await page.locator("output").innerText(), "2 of 6 shown")
        await buttons.nth(0).press("Enter")
        assert.deepStrictEqual(await shownIds(page), [id(3)])
        assert.strictEqual(await buttons.nth(0).getAttribute("aria-pressed"), "true")
        await buttons.nth(0).click()
        await buttons.nth(1).click()
        assert.deepStrictEqual(await shownIds(page), all)
      })
  )

  it.effect(
    "the search box of the report finds rows, also folded ones",
    () =>
      withReport({ width: 1024 }, async (page) => {
        const isOpen = () => page.locator("details").evaluate((details: HTMLDetailsElement) => details.open)
        assert.isFalse(await isOpen())
        assert.strictEqual(await page.locator("summary").innerText(), "2 authorizations without findings")
        await page.getByRole("searchbox", { name: "Search" }).fill("fine TOKEN")
        assert.deepStrictEqual(await shownIds(page), [id(1)])
        assert.isTrue(await isOpen())
        await page.getByRole("searchbox").fill("delivery apps:*")
        assert.deepStrictEqual(await shownIds(page), [id(5)])
      })
  )

  it.effect.each([390, 1440])(
    "the report is a table for screen readers at %i px",
    (width) =>
      withReport({ width }, async (page) => {
        const table = page.getByRole("table", { name: "Authorizations with findings, worst first" })
        assert.strictEqual(await table.getByRole("row").count(), 5)
        assert.deepStrictEqual(
          await table.getByRole("columnheader").allTextContents(),
          ["Authorization", "Findings", "Scope", "Client", "Created", "Updated", "Expires"]
        )
        assert.strictEqual(await table.getByRole("rowheader").count(), 4)
        assert.strictEqual(await table.getByRole("cell").count(), 24)
      })
  )

  it.effect(
    "the report has colors for light and dark mode and for paper",
    () =>
      withReport({ width: 1440, colorScheme: "dark" }, async (page) => {
        const colors = () =>
          page.evaluate(() => {
            const { backgroundColor, color } = getComputedStyle(document.body)
            return [backgroundColor, color]
          })
        const dark = await colors()
        await page.emulateMedia({ colorScheme: "light" })
        const light = await colors()
        assert.deepStrictEqual([dark, light], [["rgb(21, 23, 26)", "rgb(231, 233, 236)"], [
          "rgb(255, 255, 255)",
          "rgb(28, 30, 33)"
        ]])
        await page.emulateMedia({ colorScheme: "dark", media: "print" })
        assert.deepStrictEqual(await colors(), ["rgb(255, 255, 255)", "rgb(0, 0, 0)"])
        assert.isFalse(await page.locator(".controls").isVisible())
      })
  )
})
