import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMessage, encodedVarbindLength, encodeMessage, type Message, oid, type SnmpValue } from '../src/index.ts'
import { anyMessage } from './arbitraries.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A response with one varbind, 1.3.6.1 = the value given as TLV. */
function responseWith(valueTlv: string): Buffer {
  const varbind = `06032b0601${valueTlv.replaceAll(' ', '')}`
  const tlv = (tag: string, body: string): string => `${tag}${(body.length / 2).toString(16).padStart(2, '0')}${body}`
  const pdu = `020101 020100 020100 ${tlv('30', tlv('30', varbind))}`.replaceAll(' ', '')
  return hex(tlv('30', `020101 0406 7075626c6963 ${tlv('a2', pdu)}`.replaceAll(' ', '')))
}

function decodedValue(valueTlv: string): SnmpValue | string {
  const decoded = decodeMessage(responseWith(valueTlv))
  return decoded.ok ? decoded.message.pdu.varbinds[0]!.value : decoded.error.code
}

describe('SNMP messages', () => {
  it('decodes what it encodes, all kinds and types', () => {
    fc.assert(
      fc.property(anyMessage, message => {
        const decoded = decodeMessage(encodeMessage(message))
        expect(decoded.ok && normal(decoded.message)).toEqual(normal(message))
      }),
      { numRuns: 500 },
    )
  })

  it('writes a request as other managers do', () => {
    const message: Message = {
      version: 'v2c',
      community: Buffer.from('public'),
      pdu: {
        kind: 'getBulkRequest',
        requestId: 1_000,
        nonRepeaters: 0,
        maxRepetitions: 20,
        varbinds: [{ oid: oid('1.3.6.1.2.1.2.2.1.10'), value: { type: 'null' } }],
      },
    }
    expect(encodeMessage(message).toString('hex')).toBe(
      '3028020101' +
        '04067075626c6963' +
        'a51b' +
        '020203e8' +
        '020100' +
        '020114' +
        '300f300d06092b060102010202010a0500',
    )
  })

  it('tells how long a varbind will be', () => {
    expect(encodedVarbindLength({ oid: oid('1.3.6.1'), value: { type: 'counter64', value: 2n ** 64n - 1n } })).toBe(18)
  })

  it('reads integers of all widths exactly', () => {
    expect(decodedValue('46 09 00 ffffffffffffffff')).toEqual({ type: 'counter64', value: 18_446_744_073_709_551_615n })
    expect(decodedValue('46 08 0020000000000001')).toEqual({ type: 'counter64', value: 9_007_199_254_740_993n })
    expect(decodedValue('41 05 00ffffffff')).toEqual({ type: 'counter32', value: 4_294_967_295 })
    expect(decodedValue('02 05 ffffffff80')).toEqual({ type: 'integer', value: -128 })
  })

  it('reads full-width counters without their leading zero, as some agents send them', () => {
    expect(decodedValue('41 04 ffffffff')).toEqual({ type: 'counter32', value: 4_294_967_295 })
    expect(decodedValue('46 08 ffffffffffffffff')).toEqual({ type: 'counter64', value: 18_446_744_073_709_551_615n })
  })

  it.each([
    ['a negative gauge', '42 01 ff', 'out-of-range'],
    ['a counter of 33 bits', '41 05 01ffffffff', 'out-of-range'],
    ['an empty counter', '41 00', 'out-of-range'],
    ['an integer of 40 bits', '02 05 0100000000', 'out-of-range'],
    ['an address of 3 octets', '40 03 7f0000', 'wrong-length'],
    ['an OID that ends inside an arc', '06 02 2b86', 'malformed-oid'],
    ['a type nobody knows', '47 01 05', 'unknown-type'],
  ])('F39: keeps %s as an invalid cell of a good message', (_, tlv, reason) => {
    expect(decodedValue(tlv)).toMatchObject({ type: 'invalid', reason })
  })
})

describe('F52: malformed BER', () => {
  it.each([
    ['nothing', '', 'ber-truncated', 0],
    ['an indefinite length', '3080 020101 0000', 'ber-indefinite-length', 1],
    ['an indefinite length inside', '300a 020101 0480 0000 0000 00', 'ber-indefinite-length', 6],
    ['a length of 4 GiB', '3084 ffffffff 0201', 'ber-length-too-large', 1],
    ['a length of 127 octets', `30ff${'ff'.repeat(127)}`, 'ber-length-too-large', 1],
    ['a length beyond the datagram', '3082 ffff 020101', 'ber-length-exceeds-container', 1],
    ['an inner length beyond its container', '3006 020101 0420 70', 'ber-length-exceeds-container', 6],
    ['nested sequences', '300c 300a 3008 3006 3004 3002 3000', 'ber-unexpected-tag', 2],
    ['version 3', '3003 020103', 'snmp-version-unsupported', 2],
    ['an unknown PDU', '3008 020101 0400 af01 00', 'snmp-pdu-unknown', 7],
  ])('%s is an error with code and offset', (_, message, code, offset) => {
    expect(decodeMessage(hex(message))).toMatchObject({ ok: false, error: { code, offset } })
  })

  it('nests 5 000 deep without recursion', () => {
    let message = Buffer.from([0x05, 0x00])
    for (let depth = 0; depth < 5_000; depth++) {
      const length = message.length
      message = Buffer.concat([Buffer.from([0x30, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]), message])
    }
    expect(decodeMessage(message)).toMatchObject({ ok: false, error: { code: 'ber-unexpected-tag' } })
    expect(decodeMessage(message.subarray(0, 9_000)).ok).toBe(false)
  })

  it('bounds varbinds and octets', () => {
    const message = encodeMessage({
      version: 'v2c',
      community: Buffer.alloc(0),
      pdu: {
        kind: 'response',
        requestId: 1,
        errorStatus: 0,
        errorIndex: 0,
        varbinds: Array.from({ length: 11 }, () => ({ oid: oid('1.3'), value: { type: 'null' } as const })),
      },
    })
    expect(decodeMessage(message, { bytesMax: 65_535, varbindsMax: 10 })).toMatchObject({
      ok: false,
      error: { code: 'snmp-too-many-varbinds', context: 'in message: in response' },
    })
    expect(decodeMessage(message, { bytesMax: 20, varbindsMax: 10 })).toMatchObject({
      ok: false,
      error: { code: 'snmp-message-too-large' },
    })
  })

  it('names the varbind', () => {
    expect(decodeMessage(responseWith('30 02 0500'))).toMatchObject({
      ok: false,
      error: { code: 'ber-unexpected-tag', context: 'in message: in response: in varbind 1' },
    })
  })

  it('never throws, on noise, on every truncation and on every flipped octet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), noise => void decodeMessage(noise)),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.nat(255), (message, at, octet) => {
        const bytes = encodeMessage(message)
        bytes[at % bytes.length] = octet
        decodeMessage(bytes)
        expect(decodeMessage(bytes.subarray(0, at % bytes.length)).ok).toBe(false)
      }),
    )
  })
})

/** Buffers and Uint8Arrays alike, so that toEqual compares their octets. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return `hex ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normal(inner)]))
  }
  return value
}
