/** What was odd in records that were kept; plain counters of the exporter. */
export interface RecordTallies {
  timesClamped: number
  unscaledRecords: number
  reverseRecords: number
}
