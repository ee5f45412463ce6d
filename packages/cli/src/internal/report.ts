/** The report of an audit as one HTML page that loads nothing: for any width, light and dark mode, and paper. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { clientOf, descriptionOf, expiryOf } from "./record.ts"
import { style } from "./reportStyle.ts"
import { type Audited, countKinds, type Kind, kinds } from "./risk.ts"
import { countOf, formatCount, safe } from "./text.ts"

/** The head of the report. */
export interface Head {
  readonly account: string
  readonly host: string
  readonly team: Option.Option<string>
  readonly at: DateTime.Utc
}

/** Formats the report. */
export const formatReport = ({ account, at, host, team }: Head, audited: ReadonlyArray<Audited>): string => {
  const risky = audited.filter(({ level }) => level !== "none")
  const fine = audited.filter(({ level }) => level === "none")
  const counts = countKinds(audited)
  const owner = Option.map(team, (name) => `team ${name}`)
  const title = `Heroku authorizations of ${Option.getOrElse(owner, () => account)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escape(title)}, ${day(at)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Heroku authorizations</h1>
<p><bdi>${escape(account)}</bdi> at <bdi>${escape(host)}</bdi>${
    Option.match(owner, { onNone: () => "", onSome: (name) => `, <bdi>${escape(name)}</bdi>` })
  }, ${minute(at)} UTC</p>
</header>
<main>
<p class="summary">${countOf(audited.length, "authorization")}: ${formatCount(risky.length)} with findings, ${
    formatCount(fine.length)
  } without</p>
<form class="controls" role="search">
<div class="counts">${counts.map(([kind, count]) => button(kind, count)).join("")}</div>
<label>Search <input type="search" autocomplete="off" placeholder="description, id, client or scope"></label>
<output aria-live="polite"></output>
</form>
${risky.length === 0 ? "<p>Nothing to report.</p>" : table("Authorizations with findings, worst first", risky, at)}
${
    fine.length === 0
      ? ""
      : `<details><summary>${countOf(fine.length, "authorization")} without findings</summary>
${table("Authorizations without findings", fine, at)}
</details>`
  }
${
    counts.length === 0
      ? ""
      : `<h2>What the findings mean</h2>
<dl>${counts.map(([kind]) => `<dt>${mark(kind, kind)}</dt><dd>${kinds[kind].meaning}.</dd>`).join("")}</dl>`
  }
</main>
<script>${script}</script>
</body>
</html>
`
}

const button = (kind: Kind, count: number): string =>
  `<button type="button" aria-pressed="false" data-kind="${code(kind)}"><b>${formatCount(count)}</b> ${kind}</button>`

const columns = ["Authorization", "Findings", "Scope", "Client", "Created", "Updated", "Expires"]

// Laid out as cards, a table loses its meaning for screen readers: the roles bring it back.
const table = (caption: string, audited: ReadonlyArray<Audited>, at: DateTime.Utc): string =>
  `<table role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${
    columns.map((name) => `<th role="columnheader" scope="col">${name}</th>`).join("")
  }</tr></thead>
<tbody role="rowgroup">
${audited.map((one) => row(one, at)).join("\n")}
</tbody>
</table>`

const row = ({ findings, item, level }: Audited, at: DateTime.Utc): string => {
  const [, ...labels] = columns
  const cells = [
    findings.length === 0
      ? "none"
      : findings.map(({ kind, why }) => mark(kind, hasNumber(kind) ? why : kind)).join(" "),
    item.scope.map(text).join(", "),
    bidi(orElse(clientOf(item), "none")),
    day(item.createdAt),
    day(item.updatedAt),
    expiryOf(item, at)
  ]
  const shown = cells.map((cell, index) => `<td role="cell" data-label="${labels[index]}"><span>${cell}</span></td>`)
  return `<tr role="row" class="${level}" data-kinds="${findings.map(({ kind }) => code(kind)).join(" ")}">
<th role="rowheader" scope="row"><strong>${bidi(orElse(descriptionOf(item), "(no description)"))}</strong>
<code>${escape(safe(item.id))}</code></th>
${shown.join("")}</tr>`
}

const orElse = (text: string, other: string): string => text === "-" ? other : text

/** Whether the reason says more than the name of the kind. */
const hasNumber = (kind: Kind): boolean => kind === "expiring soon" || kind === "old"

const mark = (kind: Kind, label: string): string => `<mark class="${code(kind)}">${escape(label)}</mark>`

/** The name of a kind in attributes. */
const code = (kind: Kind): string => kind.replaceAll(" ", "-")

const day = (time: DateTime.Utc): string => DateTime.formatIsoDateUtc(time)
const minute = (time: DateTime.Utc): string => {
  const iso = DateTime.formatIso(time)
  return `<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")}</time>`
}

/** Text that users of Heroku chose cannot change the direction of the text around it. */
const bidi = (value: string): string => `<bdi>${text(value)}</bdi>`

/** Long words, such as fine-grained scopes, may break after punctuation. */
const text = (value: string): string => escape(safe(value)).replaceAll(/([:.+,/@_])(?=\w)/g, "$1<wbr>")

const escape = (value: string): string => value.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

/** Filters the rows by the pressed buttons and the text of the search box. */
const script = `
const rows = [...document.querySelectorAll("tbody tr")]
const buttons = [...document.querySelectorAll("button[data-kind]")]
const search = document.querySelector("input")
const output = document.querySelector("output")
const details = document.querySelector("details")
const texts = new Map()
const textOf = (row) => {
  if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase())
  return texts.get(row)
}
const filter = () => {
  const kinds = buttons.filter((button) => button.ariaPressed === "true").map((button) => button.dataset.kind)
  const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== "")
  let shown = 0
  for (const row of rows) {
    const has = row.dataset.kinds.split(" ")
    row.hidden = !kinds.every((kind) => has.includes(kind)) || !words.every((word) => textOf(row).includes(word))
    if (!row.hidden) shown++
  }
  const isFiltered = kinds.length > 0 || words.length > 0
  output.textContent = isFiltered ? shown.toLocaleString("en-US") + " of " + rows.length.toLocaleString("en-US") + " shown" : ""
  if (details && words.length > 0) details.open = details.querySelector("tbody tr:not([hidden])") !== null
}
for (const button of buttons) button.addEventListener("click", () => {
  button.ariaPressed = String(button.ariaPressed !== "true")
  filter()
})
search.addEventListener("input", filter)
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault())
`
