/** The program `heroku-authorizations`, for embedding and for tests. */
export { run } from "./run.ts"
