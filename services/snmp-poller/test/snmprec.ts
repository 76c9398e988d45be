import { readFileSync } from 'node:fs'
import { type Message, type Oid, parseOid, type SnmpValue, type Varbind } from '../../../libs/snmp/src/index.ts'
import { reply, startAgent, type TestAgent } from './test-agent.ts'

/** Serves a recording in snmpsim's format (`oid|type|value`, type with an `x` for hexadecimal), as fast as it is asked. */
export async function startRecording(file: string): Promise<TestAgent> {
  const rows = readRecording(file)
  const values = new Map(rows.map(({ oid, value }) => [oid, value]))
  return startAgent(values, request => [answer(request, rows, values)])
}

function answer(request: Message, rows: readonly Varbind[], values: ReadonlyMap<Oid, SnmpValue>): Message {
  const { pdu } = request
  if (pdu.kind === 'getRequest') {
    return reply(
      request,
      pdu.varbinds.map(({ oid }) => ({ oid, value: values.get(oid) ?? { type: 'noSuchInstance' } })),
    )
  }
  if (pdu.kind !== 'getBulkRequest') throw new Error(`unexpected ${pdu.kind}`)
  const asked = pdu.varbinds.map(({ oid }) => ({ oid, at: firstAfter(rows, oid) }))
  const result: Varbind[] = []
  const step = (one: { oid: Oid; at: number }): void => {
    const row = rows[one.at++]
    result.push(row ?? { oid: one.oid, value: { type: 'endOfMibView' } })
    if (row) one.oid = row.oid
  }
  asked.slice(0, pdu.nonRepeaters).forEach(step)
  for (let i = 0; i < pdu.maxRepetitions && result.length < 64; i++) asked.slice(pdu.nonRepeaters).forEach(step)
  return reply(request, result.slice(0, Math.max(64, asked.length)))
}

function firstAfter(rows: readonly Varbind[], oid: Oid): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.oid > oid) high = middle
    else low = middle + 1
  }
  return low
}

function readRecording(file: string): Varbind[] {
  const rows: Varbind[] = []
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [dotted, type, ...rest] = line.split('|')
    const oid = parseOid(dotted ?? '')
    const value = oid && type ? recordedValue(type, rest.join('|').replace(/\r$/, '')) : undefined
    if (oid && value) rows.push({ oid, value })
  }
  return rows.sort((a, b) => (a.oid < b.oid ? -1 : 1))
}

function recordedValue(type: string, text: string): SnmpValue | undefined {
  const octets = type.endsWith('x') ? Buffer.from(text, 'hex') : Buffer.from(text, 'latin1')
  const number = Number(text)
  switch (Number.parseInt(type, 10)) {
    case 2:
      return { type: 'integer', value: number | 0 }
    case 4:
      return { type: 'octets', value: octets }
    case 5:
      return { type: 'null' }
    case 6: {
      const value = parseOid(text)
      return value && { type: 'oid', value }
    }
    case 64:
      return { type: 'ipAddress', value: type.endsWith('x') ? octets : Uint8Array.from(text.split('.').map(Number)) }
    case 65:
      return { type: 'counter32', value: number >>> 0 }
    case 66:
      return { type: 'gauge32', value: number >>> 0 }
    case 67:
      return { type: 'timeTicks', value: number >>> 0 }
    case 68:
      return { type: 'opaque', value: octets }
    case 70:
      return { type: 'counter64', value: BigInt(text.trim() || 0) }
    default:
      return undefined
  }
}
