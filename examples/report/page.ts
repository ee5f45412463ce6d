/** The report as a page: one file that loads nothing, for light and dark, wide and narrow. */

export interface Report {
  /** When it was made, ISO 8601. */
  readonly at: string
  /** What was looked for, the worst first. */
  readonly findings: ReadonlyArray<string>
  readonly authorizations: ReadonlyArray<{
    readonly id: string
    readonly description: string
    /** The OAuth client's name; null for those made directly. */
    readonly client: string | null
    readonly scope: ReadonlyArray<string>
    readonly createdAt: string
    /** ISO 8601: what was rotated has another one than before. */
    readonly updatedAt: string
    /** Null: never. Of one that has expired, when it was read: Heroku does not tell when it did. */
    readonly expiresAt: string | null
    /** What somebody should look at, the worst first. */
    readonly findings: ReadonlyArray<string>
  }>
}

type Row = Report["authorizations"][number]

export const format = (report: Report): string => {
  const rank = ({ findings: [worst] }: Row) => worst === undefined ? Infinity : report.findings.indexOf(worst)
  const worstFirst = report.authorizations.toSorted((a, b) =>
    rank(a) === rank(b) ? a.createdAt.localeCompare(b.createdAt) : rank(a) - rank(b)
  )
  const count = (finding: string) => report.authorizations.filter(({ findings }) => findings.includes(finding)).length
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Heroku authorizations, ${escape(report.at.slice(0, 10))}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Heroku authorizations</h1>
<p>${time(report.at)} UTC</p>
</header>
<dl>
${figure("authorizations", report.authorizations.length)}
${report.findings.map((finding) => figure(finding, count(finding))).join("\n")}
</dl>
<table>
<thead><tr><th>Authorization<th>Made for<th>Scope<th>Made<th>Changed<th>Expires<th>Look at</tr></thead>
<tbody>
${worstFirst.map((row) => formatRow(row, report.findings[0])).join("\n")}
</tbody>
</table>
</body>
</html>
`
}

const figure = (name: string, count: number): string =>
  `<div><dt>${escape(name)}</dt><dd>${count.toLocaleString("en-US")}</dd></div>`

/** To the minute, in UTC. */
const time = (iso: string): string =>
  `<time datetime="${escape(iso)}">${escape(iso.slice(0, 16).replace("T", " "))}</time>`

const formatRow = (one: Row, worst: string | undefined): string =>
  `<tr>
<td><strong>${escape(one.description === "" ? "(no description)" : one.description)}</strong><code>${
    escape(one.id)
  }</code>
<td data-label="Made for"><span>${one.client === null ? "no client" : escape(one.client)}</span>
<td data-label="Scope"><span>${escape(one.scope.join(", "))}</span>
<td data-label="Made"><span>${escape(one.createdAt)}</span>
<td data-label="Changed"><span>${time(one.updatedAt)}</span>
<td data-label="Expires"><span>${
    one.findings.includes("expired") ? "has expired" : escape(one.expiresAt ?? "never")
  }</span>
<td data-label="Look at"><span>${formatFindings(one.findings, worst)}</span>
</tr>`

const formatFindings = (findings: ReadonlyArray<string>, worst: string | undefined): string =>
  findings.length === 0
    ? "–"
    : findings.map((text) => `<mark${text === worst ? ` class="worst"` : ""}>${escape(text)}</mark>`).join(" ")

/** Descriptions are other people's text. */
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

const style = `
:root { --back: #fff; --text: #1c1e21; --soft: #5b6270; --line: #dfe3e8; --mark: #fdecc8; --mark-text: #6b4400; --worst: #fbd9d6; --worst-text: #7d1510 }
@media (prefers-color-scheme: dark) {
  :root { --back: #15171a; --text: #e7e9ec; --soft: #a0a8b4; --line: #31363d; --mark: #4a3614; --mark-text: #ffdf9e; --worst: #5e1f1b; --worst-text: #ffd5d1 }
}
* { box-sizing: border-box }
body { background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 }
header p { color: var(--soft); margin: .25rem 0 1.5rem }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0 0 1.5rem }
dl div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .9rem }
dt { color: var(--soft); font-size: .875rem }
dd { font-size: 1.4rem; font-variant-numeric: tabular-nums; margin: 0 }
table { border-collapse: collapse; width: 100% }
th { color: var(--soft); font-size: .875rem; font-weight: 600; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .75rem .5rem 0; vertical-align: top }
td { overflow-wrap: anywhere }
td:nth-child(4), td:nth-child(5), td:nth-child(6) { font-variant-numeric: tabular-nums; white-space: nowrap }
strong { display: block; font-weight: 600 }
code { color: var(--soft); font-size: .8125rem; white-space: nowrap }
mark { background: var(--mark); border-radius: .25rem; color: var(--mark-text); display: inline-block; font-size: .875rem; margin: 0 0 .2rem; padding: 0 .4rem }
mark.worst { background: var(--worst); color: var(--worst-text); font-weight: 600 }
@media (max-width: 45rem) {
  body { padding: 1rem }
  thead { position: absolute; clip-path: inset(50%) }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .75rem 0 }
  td { border: 0; display: block; padding: .1rem 0 }
  td[data-label] { display: grid; grid-template-columns: 5.5rem 1fr }
  td[data-label]::before { color: var(--soft); content: attr(data-label) }
}
`
