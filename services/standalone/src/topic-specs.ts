import type { TopicSpec } from '../../../libs/bus/src/index.ts'
import { topics } from '../../../libs/model/src/index.ts'

const hour = 3_600_000
const day = 24 * hour
const mebibyte = 1_048_576

/**
 * Topics of the embedded shape. Partitions are few, because one process does all the work; retention is what a laptop
 * can hold and a restart after a weekend may want.
 */
export const topicSpecs: readonly TopicSpec[] = [
  { name: topics.flowsRaw, partitions: 2, retentionMs: day, retentionBytes: 2_048 * mebibyte, compacted: false },
  { name: topics.polls, partitions: 2, retentionMs: day, retentionBytes: 1_024 * mebibyte, compacted: false },
  { name: topics.events, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: false },
  { name: topics.live, partitions: 1, retentionMs: hour, retentionBytes: 128 * mebibyte, compacted: false },
  { name: topics.signals, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: false },
  { name: topics.alarms, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: true },
  { name: topics.templates, partitions: 1, retentionMs: 7 * day, retentionBytes: 64 * mebibyte, compacted: true },
  { name: topics.config, partitions: 1, retentionMs: 7 * day, retentionBytes: 64 * mebibyte, compacted: true },
  { name: topics.deadLetters, partitions: 1, retentionMs: 7 * day, retentionBytes: 128 * mebibyte, compacted: false },
]
