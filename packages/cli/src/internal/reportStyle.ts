/** The style sheet of the report. */
export const style = `
:root {
  --back: #fff; --text: #1c1e21; --soft: #5b6270; --line: #dfe3e8; --accent: #4c3fb5;
  --mark: #eceff3; --mark-text: #333a45; --warn: #fdecc8; --warn-text: #6b4400; --bad: #fbd9d6; --bad-text: #7d1510;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #15171a; --text: #e7e9ec; --soft: #a0a8b4; --line: #31363d; --accent: #b3a9ff;
    --mark: #2b3037; --mark-text: #d4d8de; --warn: #4a3614; --warn-text: #ffdf9e; --bad: #5e1f1b; --bad-text: #ffd5d1;
  }
}
* { box-sizing: border-box }
body { background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 84rem; overflow-wrap: break-word; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
header p { color: var(--soft); margin: .25rem 0 1rem }
.summary { font-size: 1.1rem; margin: 0 0 1rem }
.controls { align-items: center; display: flex; flex-wrap: wrap; gap: .75rem 1rem; margin: 0 0 1rem }
.counts { display: flex; flex-wrap: wrap; gap: .5rem }
button, input { background: var(--back); border: 1px solid var(--line); border-radius: .5rem; color: inherit; font: inherit; padding: .4rem .75rem }
button { cursor: pointer }
button[aria-pressed=true] { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
label { color: var(--soft); display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; max-width: 100% }
input { max-width: 100%; width: 20rem }
output { color: var(--soft) }
summary { cursor: pointer; margin: 1rem 0; padding: .25rem 0 }
table { border-collapse: collapse; table-layout: fixed; width: 100% }
caption { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; width: 1px }
thead th { color: var(--soft); font-size: .875rem; font-weight: 600 }
th { font-weight: inherit; text-align: left }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .75rem .5rem 0; vertical-align: top }
th:nth-child(1) { width: 21rem }
th:nth-child(2) { width: 15rem }
th:nth-child(5), th:nth-child(6), th:nth-child(7) { width: 7rem }
td:nth-child(n + 5) { font-variant-numeric: tabular-nums; white-space: nowrap }
tr[hidden] { display: none }
strong { display: block; font-weight: 600 }
code { color: var(--soft); font: .8125rem ui-monospace, monospace; white-space: nowrap }
mark { background: var(--mark); border-radius: .25rem; color: var(--mark-text); display: inline-block; font-size: .875rem; margin: 0 0 .2rem; padding: 0 .4rem }
mark.old, mark.expiring-soon, mark.wide-scope, .medium mark.global-scope, .medium mark.never-expires { background: var(--warn); color: var(--warn-text) }
.high mark.global-scope, .high mark.never-expires, dl mark.global-scope, dl mark.never-expires { background: var(--bad); color: var(--bad-text) }
dl { display: grid; gap: .4rem 1rem; grid-template-columns: max-content 1fr; margin: 0 }
dd { margin: 0 }
@media (max-width: 75rem) {
  body { padding: 1rem }
  thead { clip-path: inset(50%); display: block; height: 1px; overflow: hidden; position: absolute; width: 1px }
  table, tbody, tr, tbody th, td { display: block; width: auto }
  tr { border-bottom: 1px solid var(--line); padding: .75rem 0 }
  tbody th, td { border: 0; padding: .1rem 0 }
  tbody th:nth-child(1) { width: auto }
  td { display: grid; grid-template-columns: 6rem minmax(0, 1fr) }
  td::before { color: var(--soft); content: attr(data-label) }
}
@media (min-width: 40rem) and (max-width: 75rem) {
  tr { column-gap: 1.5rem; display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr) }
  tbody th { grid-column: 1 / -1 }
}
@media (max-width: 30rem) { dl { grid-template-columns: minmax(0, 1fr) } dd { margin-bottom: .4rem } }
@media print {
  :root { --back: #fff; --text: #000; --soft: #444; --line: #bbb; --mark: #fff; --mark-text: #000; --warn: #fff; --warn-text: #000; --bad: #fff; --bad-text: #000 }
  body { font-size: 10pt; max-width: none; padding: 0 }
  .controls { display: none }
  tr { break-inside: avoid }
  mark { border: 1px solid currentColor }
}
`
