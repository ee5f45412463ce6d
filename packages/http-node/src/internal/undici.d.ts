/** A file of undici that it does not describe by itself. */
declare module "undici/lib/dispatcher/agent.js" {
  import type { Agent } from "undici"
  const module: typeof Agent
  export default module
}
