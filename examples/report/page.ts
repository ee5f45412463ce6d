/** Formats the report as a single HTML page that loads nothing else, for light and dark mode and any width. */

export interface Report {
  /** When the report was created. All times are ISO 8601, in UTC. */
  readonly at: string
  /** The host of the API. */
  readonly host: string
  /** The email addresses of the users that the authorizations belong to. */
  readonly users: ReadonlyArray<string>
  /** The names of all findings, worst first. */
  readonly findings: ReadonlyArray<string>
  readonly authorizations: ReadonlyArray<{
    readonly id: string
    readonly description: string
    /** The name of the OAuth client, or null. */
    readonly client: string | null
    readonly scope: ReadonlyArray<string>
    readonly createdAt: string
    /** Changes when the token is rotated. */
    readonly updatedAt: string
    /** Null if it never expires. For an expired authorization the time it was read: Heroku does not return another. */
    readonly expiresAt: string | null
    /** The findings for this authorization, worst first. */
    readonly findings: ReadonlyArray<string>
  }>
}

type Row = Report["authorizations"][number]

const columns = ["Authorization", "Client", "Scope", "Created", "Updated", "Expires", "Findings"]

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
<p>${[...report.users, report.host].map(escape).join(", ")}, ${time(report.at)} UTC</p>
</header>
<dl>
${figure("authorizations", report.authorizations.length)}
${report.findings.map((finding) => figure(finding, count(finding))).join("\n")}
</dl>
<table>
<thead><tr>${columns.map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
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

/** Formats a time to the minute. */
const time = (iso: string): string =>
  `<time datetime="${escape(iso)}">${escape(iso.slice(0, 16).replace("T", " "))}</time>`

/** Formats the day of a time. */
const date = (iso: string): string => escape(iso.slice(0, 10))

const formatRow = (row: Row, worst: string | undefined): string =>
  `<tr>
<th scope="row"><strong>${escape(row.description === "" ? "(no description)" : row.description)}</strong><code>${
    escape(row.id)
  }</code></th>
<td data-label="Client"><span>${row.client === null ? "none" : escape(row.client)}</span></td>
<td data-label="Scope"><span>${escape(row.scope.join(", "))}</span></td>
<td data-label="Created"><span>${date(row.createdAt)}</span></td>
<td data-label="Updated"><span>${time(row.updatedAt)}</span></td>
<td data-label="Expires"><span>${formatExpiry(row)}</span></td>
<td data-label="Findings"><span>${formatFindings(row.findings, worst)}</span></td>
</tr>`

const formatExpiry = ({ expiresAt, findings }: Row): string => {
  if (findings.includes("expired")) return "expired"
  return expiresAt === null ? "never" : date(expiresAt)
}

const formatFindings = (findings: ReadonlyArray<string>, worst: string | undefined): string =>
  findings.length === 0
    ? "–"
    : findings.map((text) => `<mark${text === worst ? ` class="worst"` : ""}>${escape(text)}</mark>`).join(" ")

/** Escapes text that users of Heroku can choose, such as descriptions. */
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
thead th { color: var(--soft); font-size: .875rem; font-weight: 600 }
th { font-weight: inherit; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .75rem .5rem 0; vertical-align: top }
tbody th, td:nth-child(2) { overflow-wrap: anywhere }
td:nth-child(4), td:nth-child(5), td:nth-child(6) { font-variant-numeric: tabular-nums; white-space: nowrap }
strong { display: block; font-weight: 600 }
code { color: var(--soft); font-size: .8125rem; white-space: nowrap }
mark { background: var(--mark); border-radius: .25rem; color: var(--mark-text); display: inline-block; font-size: .875rem; margin: 0 0 .2rem; padding: 0 .4rem; white-space: nowrap }
mark.worst { background: var(--worst); color: var(--worst-text); font-weight: 600 }
@media (max-width: 72rem) {
  body { padding: 1rem }
  thead { clip-path: inset(50%); display: block; height: 1px; overflow: hidden; position: absolute; width: 1px }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .75rem 0 }
  tbody th, td { border: 0; display: block; padding: .1rem 0 }
  td[data-label] { display: grid; grid-template-columns: 5.5rem 1fr }
  td[data-label]::before { color: var(--soft); content: attr(data-label) }
}
`
