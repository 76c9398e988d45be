import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../src/kafka/crc32c.ts'
import { canEncode, ProduceEncoder, type ProduceRequest } from '../src/kafka/produce-encoding.ts'

/** kafkajs's own encoder of the same request says what the bytes must be. */
const originalRequest = createRequire(import.meta.url)('kafkajs/src/protocol/requests/produce/v7/request') as (
  request: ProduceRequest,
) => { encode(): Promise<{ buffer: Buffer }> }

const request: ProduceRequest = {
  acks: -1,
  timeout: 10_000,
  transactionalId: undefined,
  producerId: '4294967301',
  producerEpoch: 3,
  compression: 0,
  topicData: [
    {
      topic: 'weir.flöws',
      partitions: [
        {
          partition: 2,
          firstSequence: 70_000,
          messages: [
            { key: 'exporter/ü', value: Buffer.alloc(100_000, 7), timestamp: '1700000000123' },
            { key: '', value: Buffer.alloc(0), timestamp: '1700000000000' },
            { key: 'gone', value: null, timestamp: '1709999999999' },
          ],
        },
        { partition: 0, messages: [{ key: null, value: 'text', timestamp: '0' }] },
      ],
    },
    {
      topic: 'many',
      partitions: [
        {
          partition: 1,
          firstSequence: 0,
          messages: Array.from({ length: 300 }, (_, i) => ({
            key: `k${i}`,
            value: Buffer.alloc(i * 3, i),
            timestamp: String(1_700_000_000_000 + ((i * 7_919) % 9_000)),
          })),
        },
      ],
    },
  ],
}

describe('encoding of Produce requests', () => {
  it('makes the bytes that kafkajs makes, again and again in the same memory', async () => {
    const encoder = new ProduceEncoder()
    const { buffer } = await originalRequest(request).encode()
    expect(canEncode(request)).toBe(true)
    for (let round = 0; round < 3; round++) expect(encoder.encode(request).equals(buffer)).toBe(true)
  })

  it('leaves transactions, compression and headers to kafkajs', () => {
    const withHeaders = { key: 'k', value: null, timestamp: '1', headers: { a: 'b' } }
    expect(canEncode({ ...request, transactionalId: 'one' })).toBe(false)
    expect(canEncode({ ...request, compression: 1 })).toBe(false)
    expect(
      canEncode({ ...request, topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [withHeaders] }] }] }),
    ).toBe(false)
  })
})

describe('CRC-32C', () => {
  it('agrees with RFC 3720 appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })
})
