/** The options of `layerConfig`: overrides, completed from the environment. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as HerokuCredentials from "../HerokuCredentials.ts"
import { fail, variable } from "./environment.ts"
import { type Options, parse, type SourcedOptions } from "./options.ts"

/** Reads the options, or fails with a `ConfigError` that says what to set. */
export const readOptions = Effect.fnUntraced(function*<O extends Options>(
  wrapped: Config.Wrap<Partial<O>>
): Effect.fn.Return<Partial<O> & SourcedOptions, Config.ConfigError> {
  const overrides = yield* Config.unwrap(wrapped)
  const baseUrl = overrides.baseUrl ?? Option.getOrUndefined(yield* variable("HEROKU_API_URL"))
  const allowHttp = overrides.allowHttp ?? Option.exists(yield* variable("HEROKU_ALLOW_HTTP"), isTrue)
  const { source, token } = overrides.token === undefined
    ? yield* HerokuCredentials.find({ baseUrl: overrides.baseUrl })
    : { source: undefined, token: overrides.token }
  const options = { ...overrides, token, tokenSource: source, baseUrl, allowHttp }
  // Checked here and not by the first operation, because here the source of each value is known.
  const settings = parse(options)
  if (Result.isSuccess(settings)) return options
  const { field, problem } = settings.failure
  if (field === "token" && source !== undefined) return yield* fail(`The token in ${source} ${problem}`)
  return field === "baseUrl" && overrides.baseUrl === undefined
    ? yield* fail(`HEROKU_API_URL ${problem.replace("allowHttp is true", "HEROKU_ALLOW_HTTP is 1")}`)
    : yield* fail(`${field} ${problem}`)
})

const isTrue = (value: string) => value === "1" || value.toLowerCase() === "true"
