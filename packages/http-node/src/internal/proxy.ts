/** The proxy in the environment, which the Heroku command line uses, too. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { firstVariable } from "./environment.ts"
import { isLoopback, type Settings } from "./options.ts"

/**
 * Finds the proxy for a server: `HTTPS_PROXY`, else `HTTP_PROXY`, unless `NO_PROXY` names the server. For `http://`, only
 * `HTTP_PROXY` counts. The addresses of this machine never have a proxy. Returns its URL with credentials, and its name
 * without them, for messages. Fails with an invalid variable.
 */
export const findProxy = Effect.fnUntraced(function*({ baseUrl, server }: Pick<Settings, "baseUrl" | "server">) {
  if (isLoopback(server.address)) return undefined
  const noProxy = yield* variable("NO_PROXY")
  if (noProxy !== undefined && isListed(noProxy.value, server)) return undefined
  const found = (baseUrl.startsWith("https:") ? yield* variable("HTTPS_PROXY") : undefined)
    ?? (yield* variable("HTTP_PROXY"))
  if (found === undefined) return undefined
  const text = found.value.includes("://") ? found.value : `http://${found.value}`
  if (!isProxyUrl(text)) {
    return yield* Effect.fail({
      field: found.name,
      problem: "must be the URL of an HTTP proxy, like http://user:password@proxy.example.com:8080. "
        + "Encode special characters of the password, such as % as %25 and / as %2F"
    })
  }
  const { href, host, protocol } = new URL(text)
  return { url: href, name: `${protocol}//${host}` }
})

/** A password with `/`, `?` or `#` that are not encoded would end the host, and Node fails to decode one with a lone `%`. */
const isProxyUrl = (text: string): boolean => {
  if (!/^https?:[^?#]*$/i.test(text) || !URL.canParse(text)) return false
  const { password, pathname, username } = new URL(text)
  return pathname === "/" && Result.isSuccess(Result.try(() => decodeURIComponent(`${username}:${password}`)))
}

/** Reads a variable, in upper case or else in lower case. */
const variable = (upperCase: string) =>
  Effect.mapBoth(firstVariable(upperCase, upperCase.toLowerCase()), {
    onFailure: () => ({ field: upperCase, problem: "could not be read" }),
    onSuccess: Option.getOrUndefined
  })

/** Whether `NO_PROXY` lists a server. A domain includes its subdomains, with or without a leading dot. */
const isListed = (noProxy: string, { address, port }: Settings["server"]): boolean =>
  noProxy.toLowerCase().split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true
    const [, host, ownPort] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry) ?? []
    return host !== undefined
      && (ownPort === undefined || Number(ownPort) === port)
      && `.${address}`.endsWith(`.${host}`)
  })
