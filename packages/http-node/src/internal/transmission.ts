/**
 * What the sockets of an attempt have sent and received. Node's transport reports it, other clients report nothing: their
 * requests count as sent, and no socket is waited for.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** A request that waits for a connection, is being sent, or receives its response. */
export interface Transmission {
  /** Whether any part of the request may have been sent. */
  readonly isSent: () => boolean
  /** The number of bytes received on its socket. */
  readonly bytesRead: () => number
  /** Whether the complete response has arrived. */
  readonly isComplete: () => boolean
}

/** The requests of one attempt: `transformClient` can send several. */
export type Transmissions = Array<Transmission>

/** Where the transport reports the requests of the current attempt. */
export const CurrentTransmissions = Context.Reference<Transmissions>(
  "@effect-heroku/http-node/CurrentTransmissions",
  { defaultValue: () => [] }
)

/** Whether the server may have received a request of the attempt. */
export const mayBeSent = (transmissions: Transmissions): boolean =>
  transmissions.length === 0 || transmissions.some(({ isSent }) => isSent())

/**
 * Limits the time of an attempt or a call. At the limit, everything that the sockets hold is still processed: a process
 * that was busy or stopped finds the response of a `create` there, with a token that no other response contains.
 */
export const limitTime = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  duration: Duration.Duration,
  transmissions: () => Transmissions,
  onTimeout: () => E2
): Effect.Effect<A, E | E2, R> =>
  Duration.isFinite(duration)
    ? Effect.raceFirst(
      Effect.map(effect, Result.succeed),
      Effect.as(Effect.andThen(Effect.sleep(duration), Effect.suspend(() => drain(transmissions()))), timeIsUp)
      // When the race has ended, nothing more is sent.
    ).pipe(Effect.flatMap((result) => Effect.fromResult(Result.mapError(result, onTimeout))))
    : effect

const timeIsUp = Result.fail("time is up")

/** Waits for event-loop ticks, and not for a time, as long as they bring bytes: a socket is read once in each tick. */
const drain = Effect.fnUntraced(function*(transmissions: Transmissions) {
  // What still waits for a connection would be sent.
  if (!mayBeSent(transmissions)) return
  const count = () => transmissions.reduce((sum, { bytesRead }) => sum + bytesRead(), 0)
  let bytes = count()
  let idleTicks = 0
  for (let tick = 0; tick < maxTicks && idleTicks < maxIdleTicks; tick++) {
    yield* Effect.yieldNow
    const isBusy = count() > bytes || transmissions.some(({ isComplete }) => isComplete())
    idleTicks = isBusy ? 0 : idleTicks + 1
    bytes = count()
  }
})

const maxTicks = 50

/** A tick in which a full buffer is emptied brings no bytes. */
const maxIdleTicks = 3
