/** Node's HTTP client for the options of a caller, with the proxy of the environment. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as NodeClient from "./nodeClient.ts"
import { parse, type SourcedOptions } from "./options.ts"
import { findProxy } from "./proxy.ts"

/** Returns the client and the settings, or the first problem of the options in place of these. */
export const connect = Effect.fnUntraced(function*(
  options: SourcedOptions & { readonly proxy?: boolean | undefined }
) {
  const settings = yield* Effect.result(Effect.gen(function*() {
    const settings = yield* Effect.fromResult(parse(options))
    const proxy = options.proxy === false ? undefined : yield* findProxy(settings)
    return { ...settings, proxy: proxy?.name, proxyUrl: proxy?.url }
  }))
  const { proxyUrl, requestTimeout } = Result.getOrElse(settings, () => ({ proxyUrl: undefined, requestTimeout: 0 }))
  return { client: yield* NodeClient.make(proxyUrl, requestTimeout), settings }
})
