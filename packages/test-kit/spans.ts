import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** Makes a tracer that records all spans, in the order in which they begin. */
export const recordSpans = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span(options) {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  /** Each span as `parent > name`. */
  const tree = (): ReadonlyArray<string> =>
    spans.map(({ name, parent }) =>
      `${Option.match(parent, { onNone: () => "", onSome: (_) => _._tag === "Span" ? `${_.name} > ` : "" })}${name}`
    )
  return { spans, tracer, tree }
}
