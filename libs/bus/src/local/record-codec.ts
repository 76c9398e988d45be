import type { BusRecord, NewRecord } from '../bus.ts'

/**
 * A record as it lies in the log, little-endian:
 *
 *     timestampMs float64 | flags uint8 (1: the value is null) | keyLength uint16 | key UTF-8 | value
 */
const headerBytes = 11
const nullValue = 1

export function encodeRecord(record: NewRecord): Buffer {
  const keyLength = Buffer.byteLength(record.key)
  const bytes = Buffer.allocUnsafe(headerBytes + keyLength + (record.value?.length ?? 0))
  bytes.writeDoubleLE(record.timestampMs, 0)
  bytes[8] = record.value ? 0 : nullValue
  bytes.writeUInt16LE(keyLength, 9)
  bytes.write(record.key, headerBytes, 'utf8')
  if (record.value) bytes.set(record.value, headerBytes + keyLength)
  return bytes
}

/** The value is a view of `bytes`, which the caller must own. */
export function decodeRecord(topic: string, partition: number, offset: number, bytes: Buffer): BusRecord {
  const valueStart = headerBytes + bytes.readUInt16LE(9)
  return {
    topic,
    partition,
    offset,
    key: bytes.toString('utf8', headerBytes, valueStart),
    value: bytes[8] === nullValue ? null : bytes.subarray(valueStart),
    timestampMs: bytes.readDoubleLE(0),
  }
}
