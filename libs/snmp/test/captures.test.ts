import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../kernel/src/index.ts'
import { decodeMessage, formatOid, type SnmpValue } from '../src/index.ts'

const folder = join(resolve(packageRoot, process.env.WEIR_MATERIAL ?? '../shared/material'), 'snmp/packets')

interface Frame {
  frame: number
  version?: string
  pdu?: string
  request_id?: string
  varbinds: [oid: string, type: string, value: string | null][]
}

const bare = existsSync(folder)
  ? Object.entries(
      (JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as { packets: Record<string, Frame[]> }).packets,
    )
      .filter(([name, frames]) => name.endsWith('.bin') && frames.length > 0)
      .filter(([, frames]) => frames[0]!.version === 'v2c (1)' || frames[0]!.version === 'version-1 (0)')
  : []

describe.skipIf(bare.length === 0)('recorded PDUs (skipped: WEIR_MATERIAL has no snmp/packets)', () => {
  it.each(bare.filter(([name]) => name.includes('/panic')))(
    'F52: survives %s, which made another parser panic',
    name => {
      expect(decodeMessage(readFileSync(join(folder, name))).ok).toBe(false)
    },
  )

  it.each(bare.filter(([name]) => !name.includes('/panic')))('reads %s as tshark does', (name, frames) => {
    const decoded = decodeMessage(readFileSync(join(folder, name)))
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.error))
    const expected = frames[0]!
    const { pdu } = decoded.message
    if (expected.request_id !== undefined && 'requestId' in pdu)
      expect(pdu.requestId).toBe(Number(expected.request_id) | 0)
    expect(pdu.varbinds.map(({ oid, value }) => [formatOid(oid), asTshark(value)])).toEqual(
      expected.varbinds.map(([oid, type, value]) => [oid, type === 'null' || value === null ? '' : value]),
    )
  })
})

function asTshark(value: SnmpValue): string {
  switch (value.type) {
    case 'oid':
      return formatOid(value.value)
    case 'ipAddress':
      return [...value.value].join('.')
    case 'octets':
    case 'opaque':
      return Buffer.from(value.value)
        .toString('hex')
        .replaceAll(/(..)(?!$)/g, '$1:')
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
    case 'counter64':
      return String(value.value)
    default:
      return ''
  }
}
