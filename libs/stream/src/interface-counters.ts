import type { InterfacePoll } from '../../model/src/index.ts'
import { type CounterKind, counterDelta, type Elapsed, type GapReason } from './counter-delta.ts'

/** The counters of one interface, in the order in which the state keeps them. */
export const counterNames = [
  'inOctets',
  'outOctets',
  'inUcastPkts',
  'outUcastPkts',
  'inMulticastPkts',
  'outMulticastPkts',
  'inBroadcastPkts',
  'outBroadcastPkts',
  'inErrors',
  'outErrors',
  'inDiscards',
  'outDiscards',
  'fcsErrors',
] as const

export type CounterName = (typeof counterNames)[number]

/** As stored: `<octet bits>/<packet bits>/<fcs bits>` and one decimal or `-` (not answered) a counter, by spaces. */
export type StoredCounters = string

export function storeCounters(row: InterfacePoll): StoredCounters {
  let text = `${row.octetCounterBits}/${row.packetCounterBits}/${row.fcsCounterBits}`
  for (const name of counterNames) text += ` ${row[name] ?? '-'}`
  return text
}

/** What was counted between two polls; undefined where one of the two did not answer or the counter itself is unclear. */
export interface InterfaceDeltas {
  inOctets: bigint | undefined
  outOctets: bigint | undefined
  inPackets: bigint | undefined
  outPackets: bigint | undefined
  inErrors: bigint | undefined
  outErrors: bigint | undefined
  inDiscards: bigint | undefined
  outDiscards: bigint | undefined
  fcsErrors: bigint | undefined
}

/** Interface types whose speed is that of a wire: Ethernet, LAG, WLAN, serial and optical lines (IANAifType-MIB). */
const wireTypes = new Set([6, 18, 22, 26, 30, 39, 45, 62, 69, 71, 94, 97, 117, 161, 195, 238, 251])

/** A virtual interface's speed is a setting (a Cisco tunnel says 100 kbit/s), so it bounds nothing. */
export function speedIsBound(row: InterfacePoll): boolean {
  return row.connectorPresent ?? wireTypes.has(row.ifType)
}

/** The fastest Ethernet there is (IEEE 802.3dj): bounds what interfaces of unknown or nominal speed may count. */
const bitsPerSecondMax = 1_600_000_000_000
/** A shortest Ethernet frame with preamble and gap is 84 octets; frames of other media are longer than 20. */
const frameBitsMin = 672
const otherFrameBitsMin = 160

/**
 * Compares the counters of two polls of one interface. A reset seen in any 64-bit counter, or anything unclear in the
 * octets, makes the whole interval a gap: counters of an interface are reset together. A 32-bit error counter that
 * is unclear is missing alone.
 */
export function interfaceDeltas(
  stored: StoredCounters,
  row: InterfacePoll,
  speedBitsPerSecond: number,
  elapsed: Elapsed,
): { deltas: InterfaceDeltas } | { gap: GapReason } {
  const [bits, ...values] = stored.split(' ')
  if (bits !== `${row.octetCounterBits}/${row.packetCounterBits}/${row.fcsCounterBits}`) {
    const [octetBits, packetBits] = bits!.split('/').map(Number)
    if (octetBits !== row.octetCounterBits || packetBits !== row.packetCounterBits) return { gap: 'width-changed' }
  }
  const bound = speedIsBound(row) && speedBitsPerSecond > 0
  const octetsPerSecondMax = (bound ? speedBitsPerSecond : bitsPerSecondMax) / 8
  const packetsPerSecondMax = (octetsPerSecondMax * 8) / (row.ifType === 6 ? frameBitsMin : otherFrameBitsMin)
  const octets = kindOf(row.octetCounterBits, octetsPerSecondMax, true, bound)
  const packets = kindOf(row.packetCounterBits, packetsPerSecondMax, true, bound)
  const events = kindOf(32, packetsPerSecondMax, false, bound)
  const fcs = kindOf(row.fcsCounterBits, packetsPerSecondMax, false, bound)
  const fcsWidthKept = bits!.endsWith(`/${row.fcsCounterBits}`)

  const counted: Partial<Record<CounterName, bigint>> = {}
  for (let i = 0; i < counterNames.length; i++) {
    const name = counterNames[i]!
    const next = row[name]
    const previous = values[i]
    if (next === undefined || previous === undefined || previous === '-') continue
    if (name === 'fcsErrors' && !fcsWidthKept) continue
    const kind = i < 2 ? octets : i < 8 ? packets : name === 'fcsErrors' ? fcs : events
    const result = counterDelta(BigInt(previous), next, kind, elapsed)
    if ('delta' in result) counted[name] = result.delta
    else if (i < 2 || (i < 8 && result.gap !== 'wrap-ambiguous')) return result
  }
  if (counted.inOctets === undefined && counted.outOctets === undefined) return { gap: 'not-answered' }
  return {
    deltas: {
      inOctets: counted.inOctets,
      outOctets: counted.outOctets,
      inPackets: sum(row, values, counted, 2, 4, 6),
      outPackets: sum(row, values, counted, 3, 5, 7),
      inErrors: counted.inErrors,
      outErrors: counted.outErrors,
      inDiscards: counted.inDiscards,
      outDiscards: counted.outDiscards,
      fcsErrors: counted.fcsErrors,
    },
  }
}

function kindOf(bits: number, perSecondMax: number, atLineRate: boolean, bound: boolean): CounterKind {
  const narrow = bits === 32
  // Without a speed to trust, nothing proves a wrap; the bound then only catches the impossible.
  if (narrow && !bound) return { bits: 32, perSecondMax: undefined, atLineRate }
  return { bits: narrow ? 32 : 64, perSecondMax, atLineRate }
}

/** Unicast, multicast and broadcast together; undefined when one that the agent has is missing this time. */
function sum(
  row: InterfacePoll,
  stored: readonly string[],
  counted: Readonly<Partial<Record<CounterName, bigint>>>,
  ...indexes: readonly number[]
): bigint | undefined {
  let total: bigint | undefined
  for (const index of indexes) {
    const name = counterNames[index]!
    const delta = counted[name]
    if (delta !== undefined) total = (total ?? 0n) + delta
    else if (row[name] !== undefined || stored[index] !== '-') return undefined
  }
  return total
}
