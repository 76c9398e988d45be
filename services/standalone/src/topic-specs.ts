import { z } from 'zod'
import type { TopicSpec } from '../../../libs/bus/src/index.ts'
import { topics } from '../../../libs/model/src/index.ts'

const hour = 3_600_000
const day = 24 * hour
const mebibyte = 1_048_576
const gibibyte = 1_024 * mebibyte

const partitions = z.int().min(1).max(1_024)

/**
 * Partitions of the topics that several processors share. They are declared once: a topic that exists with others is
 * refused, because its keys would move.
 */
export const partitionsSchema = z.strictObject({
  flows: partitions.default(12),
  polls: partitions.default(12),
  /** By tenant: no more correlators than this do any work. */
  signals: partitions.default(4),
  live: partitions.default(4),
})
export type Partitions = z.output<typeof partitionsSchema>

/** One process does all the work of the embedded shape. */
export const embeddedPartitions: Partitions = { flows: 2, polls: 2, signals: 1, live: 1 }

/** Retention of the embedded log is what a laptop can hold and a restart after a weekend may want. */
export function topicSpecs(of: Partitions): TopicSpec[] {
  return [
    { name: topics.flowsRaw, partitions: of.flows, retentionMs: day, retentionBytes: 2 * gibibyte, compacted: false },
    { name: topics.polls, partitions: of.polls, retentionMs: day, retentionBytes: gibibyte, compacted: false },
    { name: topics.events, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: false },
    { name: topics.pollers, partitions: 1, retentionMs: hour, retentionBytes: 64 * mebibyte, compacted: false },
    { name: topics.live, partitions: of.live, retentionMs: hour, retentionBytes: 128 * mebibyte, compacted: false },
    {
      name: topics.signals,
      partitions: of.signals,
      retentionMs: 7 * day,
      retentionBytes: 128 * mebibyte,
      compacted: false,
    },
    { name: topics.alarms, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: true },
    { name: topics.templates, partitions: 1, retentionMs: 7 * day, retentionBytes: 64 * mebibyte, compacted: true },
    { name: topics.config, partitions: 1, retentionMs: 7 * day, retentionBytes: 64 * mebibyte, compacted: true },
    { name: topics.deadLetters, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: false },
  ]
}
