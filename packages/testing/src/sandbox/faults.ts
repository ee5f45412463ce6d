/** Parses the values of `--fault`, for example `503,operation=create,times=2`. */
import { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as FaultInjection from "../FaultInjection.ts"

export interface Injection {
  readonly fault: FaultInjection.Fault
  readonly target: FaultInjection.Target
}

export const grammar =
  "FAULT[,operation=NAME][,id=ID][,every=N][,times=N|all][,after]. FAULT is an error status (503), reset, cut, garbled, "
  + "missing-next-range, repeated-next-range, hang or delay=MS. It happens once, with `every` always; with `after` once "
  + "Heroku has processed the request"

/** Returns the fault, or what is wrong with the text. */
export const parse = (text: string): Result.Result<Injection, string> => {
  const [fault = "", ...conditions] = text.split(",").map((part) => part.trim())
  return Result.all({ fault: parseFault(fault), target: parseTarget(conditions) })
}

const named: ReadonlyMap<string, FaultInjection.Fault> = new Map([
  ["reset", FaultInjection.connectionReset],
  ["cut", FaultInjection.cutBody],
  ["garbled", FaultInjection.garbled],
  ["missing-next-range", FaultInjection.missingNextRange],
  ["repeated-next-range", FaultInjection.repeatedNextRange],
  ["hang", FaultInjection.hang]
])

const parseFault = (text: string): Result.Result<FaultInjection.Fault, string> => {
  const delay = /^delay=(\d{1,9})$/.exec(text)?.[1]
  if (delay !== undefined) return Result.succeed(FaultInjection.delay(Duration.millis(Number(delay))))
  if (/^[345]\d\d$/.test(text)) return Result.succeed(FaultInjection.status(Number(text)))
  return Result.fromNullishOr(named.get(text), () => `${JSON.stringify(text)} is not a valid fault`)
}

const parseTarget = (conditions: ReadonlyArray<string>): Result.Result<FaultInjection.Target, string> =>
  new Set(conditions.map((condition) => condition.split("=", 1)[0])).size < conditions.length
    ? Result.fail("a condition is repeated")
    : Result.map(
      Result.all(conditions.map(parseCondition)),
      (targets): FaultInjection.Target => Object.assign({}, ...targets)
    )

const isOperation = Schema.is(Operation)

const parseCondition = (condition: string): Result.Result<FaultInjection.Target, string> => {
  if (condition === "after") return Result.succeed({ afterActing: true })
  if (condition === "times=all") return Result.succeed({ times: Infinity })
  const [name, value = ""] = condition.split(/=(.*)/s, 2)
  const number = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined
  if (name === "operation" && isOperation(value)) return Result.succeed({ operation: value })
  if (name === "id" && value !== "") return Result.succeed({ id: value })
  if (name === "every" && number !== undefined) return Result.succeed({ every: number })
  if (name === "times" && number !== undefined) return Result.succeed({ times: number })
  return Result.fail(`${JSON.stringify(condition)} is not a valid condition`)
}
