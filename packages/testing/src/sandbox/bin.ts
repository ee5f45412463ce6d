#!/usr/bin/env node
/**
 * The sandbox: serves a fake Heroku API on this machine until it is interrupted, for programs in any language.
 *
 * `FakeHeroku` is the API. This file has the flags, the log, and the file that stores the account.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:http"
import * as FakeHeroku from "../FakeHeroku.ts"
import * as FaultInjection from "../FaultInjection.ts"
import { HerokuAccount } from "../HerokuAccount.ts"
import { version } from "../internal/version.ts"
import * as Faults from "./faults.ts"
import * as Lock from "./lock.ts"
import * as State from "./state.ts"

const whole = (name: string, description: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER) =>
  Flag.Int(name).pipe(
    Flag.filter(
      (number) => number >= minimum && number <= maximum,
      () => `a whole number, ${minimum} ${maximum === Number.MAX_SAFE_INTEGER ? "or more" : `to ${maximum}`}`
    ),
    Flag.withDescription(description)
  )

const secret = (name: string, description: string) =>
  Flag.Redacted(name).pipe(
    Flag.filter((value) => /^[\x21-\x7e]+$/.test(Redacted.value(value)), () => "visible ASCII"),
    Flag.optional,
    Flag.withDescription(description)
  )

const flags = {
  port: Flag.withDefault(whole("port", "The port to listen on. 0, the default, selects a free one", 0, 65_535), 0),
  host: Flag.String("host").pipe(
    Flag.withDefault("127.0.0.1"),
    Flag.withDescription(
      "The address to listen on, by default 127.0.0.1. 0.0.0.0 accepts other machines and containers"
    )
  ),
  count: Flag.withDefault(whole("count", "How many authorizations to generate, by default 450", 0, 1_000_000), 450),
  latency: Flag.withDefault(whole("latency", "How many milliseconds every response takes, by default 0"), 0),
  token: secret(
    "token",
    "A token that may do everything. Without it, every token may that the sandbox has not issued"
  ),
  teams: Flag.String("team").pipe(
    Flag.atLeast(0),
    Flag.withDescription("The name of a team with ten authorizations of its own; can be repeated")
  ),
  clearTokens: Flag.Boolean("clear-tokens").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Show tokens in all responses, not only in those of create and regenerate")
  ),
  oldShapes: Flag.Boolean("old-shapes").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Generate authorizations that lack fields or have old tokens and other scopes")
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDefault("effect-heroku"),
    Flag.withDescription("Determines the generated authorizations. By default they are the same in every run")
  ),
  rateLimit: Flag.withDefault(
    whole("rate-limit", "How many requests the account may send at once, by default 4500", 1),
    4500
  ),
  rateLimitRefill: Flag.optional(
    whole("rate-limit-refill", "How many of them it regains a minute, by default all in an hour", 1)
  ),
  twoFactor: secret("two-factor", "The code required in Heroku-Two-Factor-Code. Without it there is no second factor"),
  faults: Flag.String("fault").pipe(
    Flag.mapEffect((value) =>
      Effect.mapError(Effect.fromResult(Faults.parse(value)), (problem) =>
        new CliError.InvalidValue({
          option: "fault",
          value,
          expected: `${problem}. ${Faults.grammar}`,
          kind: "flag"
        }))
    ),
    Flag.atLeast(0),
    Flag.withDescription(`A fault to inject; can be repeated: ${Faults.grammar}`)
  ),
  state: Flag.File("state").pipe(
    Flag.optional,
    Flag.withDescription("A file that stores the account between runs. If it exists, nothing is generated")
  ),
  quiet: Flag.Boolean("quiet").pipe(Flag.withDefault(false), Flag.withDescription("Do not log requests"))
}

/** Logs a request in one line on standard error. Standard output only has the line with the URL. */
const log = ({ duration, method, range, status, target }: FakeHeroku.Exchange): Effect.Effect<void> =>
  Console.error([
    method.padEnd(6),
    target,
    ...Option.toArray(Option.map(range, (text) => `[${text}]`)),
    "->",
    Option.getOrElse(status, () => "no response"),
    `${Duration.toMillis(duration)} ms`
  ].join(" "))

/**
 * Saves the account: at once, so that an unwritable file is reported before the first request; every second with a
 * request, in case the sandbox is killed; and at the end.
 */
const layerSaving = (file: string, changed: { value: boolean }) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const save = Effect.provide(State.save(file, yield* HerokuAccount), NodeServices.layer)
    const saveOrWarn = save.pipe(
      Effect.catch((error) => Console.error(`The account was not saved: ${error.message}`))
    )
    yield* save
    yield* Effect.addFinalizer(() => saveOrWarn)
    yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
      yield* Effect.sleep("1 second")
      if (!changed.value) return
      changed.value = false
      yield* saveOrWarn
    })))
  }))

const sandbox = Command.make(
  "heroku-sandbox",
  flags,
  ({ count, faults, host, latency, port, quiet, seed, state, teams, token, twoFactor, ...options }) =>
    Effect.gen(function*() {
      const server = createServer()
      const file = yield* Effect.transposeOption(Option.map(state, Lock.acquire))
      const loaded = Option.isSome(file) ? yield* State.load(file.value) : Option.none()
      const changed = { value: false }
      const layer = FakeHeroku.layerServerWithFaults({
        ...options,
        rateLimitRefill: Option.getOrUndefined(options.rateLimitRefill),
        latency: Duration.millis(latency),
        token: Option.getOrUndefined(token),
        twoFactorCode: Option.getOrUndefined(twoFactor),
        observe: (exchange) => {
          changed.value ||= exchange.method !== "GET"
          return quiet ? Effect.void : log(exchange)
        },
        ...Option.match(loaded, {
          onNone: () => ({ count, teams: teams.map((name) => ({ name, count: 10 })), randomSeed: seed }),
          onSome: ({ authorizations, defaultAuthorization, revokedTokens, savedAt }) => ({
            seed: authorizations,
            revokedTokens,
            teams: teams.map((name) => ({ name })),
            observedAt: savedAt,
            defaultAuthorization: Option.getOrUndefined(defaultAuthorization),
            // This run must not generate the tokens of earlier runs again.
            randomSeed: `${seed} ${DateTime.formatIso(savedAt)}`
          })
        })
      })
      const saving = Option.isSome(file) ? layerSaving(file.value, changed) : Layer.empty
      return yield* Effect.gen(function*() {
        const injection = yield* FaultInjection.FaultInjection
        for (const { fault, target } of faults) yield* injection.inject(fault, target)
        const { address } = yield* HttpServer.HttpServer
        const size = yield* HerokuAccount.use((account) => account.size)
        yield* Console.log(`Heroku sandbox with ${size} authorizations at ${HttpServer.formatAddress(address)}`)
        return yield* Effect.never
      }).pipe(
        // Closes the connections that clients keep open, because Node's layer would wait for them.
        Effect.ensuring(Effect.sync(() => server.close().closeAllConnections())),
        Effect.provide(saving.pipe(
          Layer.provideMerge(layer),
          Layer.provideMerge(NodeHttpServer.layer(() => server, { host, port }))
        ))
      )
    }).pipe(
      Effect.scoped,
      Effect.catchTags({
        Locked: ({ lock, pid }) =>
          fail(
            `The file of --state is in use by ${
              Option.match(pid, {
                onNone: () => "another sandbox",
                onSome: (id) => `the sandbox with process id ${id}`
              })
            }. If it is not running, remove ${lock}`
          ),
        ServeError: ({ cause }) =>
          fail(`Cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`),
        InvalidState: ({ message }) => fail(`The file of --state is not the account of a sandbox: ${message}`),
        PlatformError: ({ message }) => fail(`The file of --state cannot be read or written: ${message}`)
      })
    )
).pipe(Command.withDescription("Serves a fake Heroku API for OAuth authorizations until it is interrupted"))

const fail = (userMessage: string) => Effect.fail(new CliError.UserError({ cause: userMessage, userMessage }))

// Closing the terminal ends the sandbox like an interruption: the account is saved.
process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))

sandbox.pipe(
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
