import { BusError, type NewRecord } from './bus.ts'

/** Largest key and value of one record together, in bytes; the same for every adapter. */
export const recordBytesMax = 4 * 1024 * 1024

/** Longest key in bytes of UTF-8. */
export const keyBytesMax = 1_024

/** Longest metadata of a commit in bytes of UTF-8: Kafka's `offset.metadata.max.bytes`. */
export const commitMetadataBytesMax = 4_096

/** Most records and bytes handed to a handler at once; one record larger than that still comes, alone. */
export const handOverRecordsMax = 1_024
export const handOverBytesMax = 4 * 1024 * 1024

/** @throws BusError `record-too-large` */
export function checkRecord(topic: string, record: NewRecord): void {
  const keyBytes = Buffer.byteLength(record.key)
  if (keyBytes > keyBytesMax)
    throw new BusError('record-too-large', `a key for ${topic} has ${keyBytes} bytes; at most ${keyBytesMax}`)
  const bytes = keyBytes + (record.value?.length ?? 0)
  if (bytes > recordBytesMax)
    throw new BusError('record-too-large', `a record for ${topic} has ${bytes} bytes; at most ${recordBytesMax}`)
}

/** @throws BusError `record-too-large` */
export function checkCommitMetadata(metadata: string): void {
  const bytes = Buffer.byteLength(metadata)
  if (bytes > commitMetadataBytesMax)
    throw new BusError('record-too-large', `metadata of a commit has ${bytes} bytes; at most ${commitMetadataBytesMax}`)
}
