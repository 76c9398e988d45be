import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeMessage,
  encodeMessage,
  encodeOid,
  encodeRequest,
  type Message,
  MessageScan,
  oid,
  VarbindList,
} from '../src/index.ts'
import { anyMessage, anyOid, anyVarbinds } from './arbitraries.ts'

const scan = new MessageScan()

/** The scan must take and refuse what `decodeMessage` does, and find the same in it. */
function compare(bytes: Uint8Array): void {
  const decoded = decodeMessage(bytes)
  const taken = scan.message(bytes)
  const reply = decoded.ok && (decoded.message.pdu.kind === 'response' || decoded.message.pdu.kind === 'report')
  expect(taken).toBe(reply)
  if (!decoded.ok || !('errorStatus' in decoded.message.pdu)) return
  const { message } = decoded
  const { pdu } = message
  if (!('errorStatus' in pdu)) return
  expect({
    version: scan.version,
    community: Buffer.from(bytes.subarray(scan.communityAt, scan.communityEnd)),
    requestId: scan.requestId,
    errorStatus: scan.errorStatus,
    errorIndex: scan.errorIndex,
    varbinds: [...scan.varbinds()],
  }).toEqual({
    version: message.version === 'v1' ? 0 : 1,
    community: Buffer.from(message.community),
    requestId: pdu.requestId,
    errorStatus: pdu.errorStatus,
    errorIndex: pdu.errorIndex,
    varbinds: pdu.varbinds,
  })
}

const anyReply = anyMessage.map(
  (message): Message => ({
    ...message,
    pdu: {
      kind: 'response',
      requestId: 'requestId' in message.pdu ? message.pdu.requestId : 7,
      errorStatus: 5,
      errorIndex: 1,
      varbinds: message.pdu.varbinds,
    },
  }),
)

describe('the scan of a reply', () => {
  it('finds what decoding finds, and refuses messages that are no reply', () => {
    fc.assert(
      fc.property(anyMessage, message => compare(encodeMessage(message))),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(anyReply, message => compare(encodeMessage(message))),
      { numRuns: 300 },
    )
  })

  it('F52: agrees with decoding on every truncation, on flipped octets and on noise', () => {
    fc.assert(
      fc.property(anyReply, fc.nat(), fc.nat(255), (message, at, octet) => {
        const bytes = encodeMessage(message)
        compare(bytes.subarray(0, at % bytes.length))
        bytes[at % bytes.length] = octet
        compare(bytes)
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), noise => compare(noise)),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['an indefinite length', '3080 020101 0000'],
    ['a length of 4 GiB', '3084 ffffffff 0201'],
    [
      'an OID of 129 arcs',
      `3081a9 020101 0400 a281a1 020101 020100 020100 308195 308192 06818e 2b${'01'.repeat(141)} 0500`,
    ],
    ['a constructed value', '301a 020101 0400 a213 020101 020100 020100 3008 3006 06022b06 3000'],
  ])('F52: refuses %s as decoding does', (_, text) => {
    const bytes = Buffer.from(text.replaceAll(' ', ''), 'hex')
    expect(decodeMessage(bytes).ok).toBe(false)
    expect(scan.message(bytes)).toBe(false)
  })

  it('keeps a list made of varbinds whole', () => {
    fc.assert(
      fc.property(anyVarbinds, varbinds => {
        const list = VarbindList.of(varbinds)
        expect(list).toHaveLength(varbinds.length)
        expect([...list]).toEqual([...decoded(varbinds)])
        expect(list.at(varbinds.length)).toBeUndefined()
      }),
    )
  })
})

describe('requests', () => {
  it('are written alike from OIDs and from their octets', () => {
    fc.assert(
      fc.property(fc.array(anyOid, { maxLength: 30 }), fc.nat(50), (oids, maxRepetitions) => {
        const request = { kind: 'getBulkRequest', nonRepeaters: 1, maxRepetitions } as const
        const community = Buffer.from('public')
        const octets = oids.map(one => {
          const bytes = encodeOid(one)
          return { bytes, start: 0, end: bytes.length }
        })
        const varbinds = oids.map(one => ({ oid: one, value: { type: 'null' } as const }))
        const message = encodeMessage({ version: 'v2c', community, pdu: { ...request, requestId: 9, varbinds } })
        expect(encodeRequest('v2c', community, 9, { ...request, names: oids })).toEqual(message)
        expect(encodeRequest('v2c', community, 9, { ...request, names: octets })).toEqual(message)
      }),
    )
  })

  it('spell a name as X.690 §8.19 has it', () => {
    expect(Buffer.from(encodeOid(oid('1.3.6.1.4.1.2680.1'))).toString('hex')).toBe('2b06010401947801')
  })
})

/** What decoding makes of the varbinds: octets come as views. */
function decoded(varbinds: Message['pdu']['varbinds']): Message['pdu']['varbinds'] {
  const pdu = { kind: 'response', requestId: 1, errorStatus: 0, errorIndex: 0, varbinds } as const
  const result = decodeMessage(encodeMessage({ version: 'v2c', community: Buffer.alloc(0), pdu }))
  return result.ok ? result.message.pdu.varbinds : []
}
