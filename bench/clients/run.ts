/** A process that is measured: `node run.js CLIENT TASK`, the task as JSON. */
import type { Client, Task } from "./client.ts"
import { tellAtExit } from "./figures.ts"

const [name, json] = process.argv.slice(2)
const { client }: { readonly client: Client } = await import(`./${name}.js`)
const task: Task = JSON.parse(json!)

const before = performance.now()
const tally = await (task.name === "list" ? client.list(task) : client.calls(task))
const wall = performance.now() - before
tellAtExit(() => ({ ...tally, wall }))
