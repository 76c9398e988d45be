/**
 * Kafka's default partitioner (murmur2 of the UTF-8 key, sign bit cleared, modulo), so that the local log, Kafka and
 * other people's producers agree on where a key lives.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

/** murmur2 as Kafka seeds it (org.apache.kafka.common.utils.Utils). */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let hash = 0x9747b28c ^ length
  let i = 0
  for (; i + 4 <= length; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(k, m)
  }
  const rest = length - i
  if (rest >= 3) hash ^= data[i + 2]! << 16
  if (rest >= 2) hash ^= data[i + 1]! << 8
  if (rest >= 1) hash = Math.imul(hash ^ data[i]!, m)
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return hash ^ (hash >>> 15)
}
