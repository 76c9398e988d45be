import type { BusCounters, RemovalReason } from '../bus-counters.ts'
import type { PartitionLog } from './partition-log.ts'
import { emptySegment, type Segment } from './segment.ts'
import { recordKey, type Storage } from './storage.ts'
import type { Writer } from './writer.ts'

/** Segments removed from one partition in one run; what is left waits for the next. */
const segmentsPerRunMax = 64

/** Removes the oldest segments that are wholly past their time, and those over the partition's size. */
export async function applyRetention(
  log: PartitionLog,
  storage: Storage,
  writer: Writer,
  counters: BusCounters,
  nowMs: number,
): Promise<void> {
  if (log.spec.compacted) return
  for (let run = 0; run < segmentsPerRunMax; run++) {
    const reason = reasonToRemove(log, nowMs)
    if (!reason) return
    const removed = await removeOldest(log, storage, writer, nowMs)
    counters.topic(log.topic).removed[reason] += removed
  }
}

function reasonToRemove(log: PartitionLog, nowMs: number): RemovalReason | undefined {
  const oldest = log.segments[0]!
  if (oldest.records === 0) return undefined
  if (oldest.stampMaxMs < nowMs - log.spec.retentionMs) return 'retention-time'
  return log.bytes > log.spec.retentionBytes ? 'retention-bytes' : undefined
}

/** One transaction: the records, the segment's row, and an empty successor when it was the only one. */
async function removeOldest(log: PartitionLog, storage: Storage, writer: Writer, nowMs: number): Promise<number> {
  let oldest: Segment | undefined
  let rest: Segment[] = []
  await writer.write({
    bytes: 0,
    alone: true,
    apply(writes) {
      ;[oldest, ...rest] = log.segments as [Segment, ...Segment[]]
      if (rest.length === 0) rest = [emptySegment(oldest.end, nowMs)]
      for (let offset = oldest.base; offset < oldest.end; offset++)
        writes.remove(storage.records, recordKey(log.id, offset))
      log.removeSegment(writes, oldest)
      log.writeSegment(writes, rest[0]!)
    },
    committed() {
      log.segments = rest
      log.wake()
    },
  })
  return oldest?.records ?? 0
}
