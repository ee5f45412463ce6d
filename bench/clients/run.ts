/** A process that is measured: `node run.js CLIENT TASK`, the task as JSON. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Client, Task } from "./client.ts"
import { tellAtExit } from "./figures.ts"

const [name, json] = process.argv.slice(2)
const { client }: { readonly client: Client } = await import(`./${name}.js`)
const task: Task = JSON.parse(json!)

// Ours goes on loading in the background for a moment, the others have loaded everything: that is no part of their calls.
await sleep(100)
const before = performance.now()
const tally = await (task.name === "list" ? client.list(task) : client.calls(task))
const wall = performance.now() - before
tellAtExit(() => ({ ...tally, wall }))
