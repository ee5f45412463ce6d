/** Reads the faults that people ask the sandbox for: `503,operation=create,times=2`. */
import { Operation } from "@effect-heroku/core/AuthorizationError"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as FaultInjection from "../FaultInjection.ts"

/** A fault, and the requests that it strikes. */
export interface Fault {
  readonly fault: FaultInjection.Fault
  readonly target: FaultInjection.Target
}

/** How they are written, for people. */
export const grammar =
  "WHAT[,operation=NAME][,id=ID][,every=N][,times=N|all][,after], where WHAT is an error status (503), reset, cut, garbled, "
  + "missing-next-range, repeated-next-range, hang or delay=MS; once by default, with `every` always; after it acted with `after`"

/** A fault; or what is wrong with its text. */
export const parse = (text: string): Result.Result<Fault, string> => {
  const [what = "", ...conditions] = text.split(",").map((part) => part.trim())
  return Result.flatMap(
    parseWhat(what),
    (fault) => Result.map(parseTarget(conditions), (target): Fault => ({ fault, target }))
  )
}

const parseWhat = (what: string): Result.Result<FaultInjection.Fault, string> => {
  switch (what) {
    case "reset":
      return Result.succeed(FaultInjection.connectionReset)
    case "cut":
      return Result.succeed(FaultInjection.cutBody)
    case "garbled":
      return Result.succeed(FaultInjection.garbled)
    case "missing-next-range":
      return Result.succeed(FaultInjection.missingNextRange)
    case "repeated-next-range":
      return Result.succeed(FaultInjection.repeatedNextRange)
    case "hang":
      return Result.succeed(FaultInjection.hang)
  }
  const delay = /^delay=(\d{1,9})$/.exec(what)?.[1]
  if (delay !== undefined) return Result.succeed(FaultInjection.delay(Duration.millis(Number(delay))))
  return /^[345]\d\d$/.test(what)
    ? Result.succeed(FaultInjection.status(Number(what)))
    : Result.fail(`${JSON.stringify(what)} is no fault`)
}

const isOperation = Schema.is(Operation)

const parseTarget = (conditions: ReadonlyArray<string>): Result.Result<FaultInjection.Target, string> =>
  new Set(conditions.map((condition) => condition.split("=", 1)[0])).size < conditions.length
    ? Result.fail("a condition is there twice")
    : Result.map(
      Result.all(conditions.map(parseCondition)),
      (targets): FaultInjection.Target => Object.assign({}, ...targets)
    )

const parseCondition = (condition: string): Result.Result<FaultInjection.Target, string> => {
  if (condition === "after") return Result.succeed({ afterActing: true })
  if (condition === "times=all") return Result.succeed({ times: Infinity })
  const [name, value = ""] = condition.split(/=(.*)/s, 2)
  const number = /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined
  if (name === "operation" && isOperation(value)) return Result.succeed({ operation: value })
  if (name === "id" && value !== "") return Result.succeed({ id: value })
  if (name === "every" && number !== undefined) return Result.succeed({ every: number })
  if (name === "times" && number !== undefined) return Result.succeed({ times: number })
  return Result.fail(`${JSON.stringify(condition)} is no condition`)
}
