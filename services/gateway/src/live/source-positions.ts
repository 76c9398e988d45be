import type { SourcePosition } from '../../../../libs/model/src/index.ts'

/**
 * Which derived records have been seen. `weir.live.v1` is at least once: a processor that starts again repeats what it
 * derived, from the same source positions and in the same order, so whatever lies at or before the last position seen
 * from a source partition is a repetition. The topic's own partition is part of the key, because records derived from
 * one source partition may land in several, which are read side by side; so is the source log's id, because a topic made
 * anew starts again at offset 0.
 */
export class SourcePositions {
  readonly #lastSeen = new Map<string, { offset: bigint; ordinal: number }>()

  /** Notes the position; false when it was seen before. */
  advance(livePartition: number, source: SourcePosition): boolean {
    const last = this.#lastSeen.get(key(livePartition, source))
    const isAfter =
      !last || source.offset > last.offset || (source.offset === last.offset && source.ordinal > last.ordinal)
    if (isAfter) {
      this.#lastSeen.set(key(livePartition, source), { offset: source.offset, ordinal: source.ordinal })
    }
    return isAfter
  }
}

function key(livePartition: number, source: SourcePosition): string {
  return `${livePartition}/${source.logId}/${source.topic}/${source.partition}`
}
