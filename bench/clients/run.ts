/** The measured process: `node run.js CLIENT TASK`, with the task as JSON. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Client, Task } from "./client.ts"
import { printAtExit } from "./figures.ts"

const [name, json] = process.argv.slice(2)
const { client }: { readonly client: Client } = await import(`./${name}.js`)
const task: Task = JSON.parse(json!)

// A client may load modules in the background for a moment, which is not part of its calls.
await sleep(100)
const before = performance.now()
const tally = await (task.name === "list" ? client.list(task) : client.calls(task))
const wall = performance.now() - before
printAtExit(() => ({ ...tally, wall }))
