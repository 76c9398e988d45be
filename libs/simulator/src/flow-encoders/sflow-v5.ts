/*
 * sFlow version 5 (sflow.org, "sFlow Version 5", 2004). XDR: big-endian, everything in multiples of 4 octets.
 *
 *   datagram       = version=5 u32, agent address (type=1 u32, IPv4), subAgent u32, sequence u32,
 *                    uptimeMs u32, count u32, sample*
 *   sample         = format u32 (enterprise 0: 1 flow sample, 2 counters sample), length u32, body
 *   flowSample     = sequence u32, source u32 (type 0, ifIndex), samplingRate u32, pool u32, drops u32,
 *                    input u32, output u32, count u32, record*
 *   countersSample = sequence u32, source u32, count u32, record*
 *   record         = format u32, length u32, body
 *   rawHeader (1)  = protocol=1 (Ethernet) u32, frameLength u32 (with FCS), stripped=4 u32, headerLength u32, header, padding
 *   generic (1)    = ifIndex u32, ifType u32, ifSpeed u64, duplex u32, status u32,
 *                    in: octets u64, unicast u32, multicast u32,
 *                    broadcast u32, discards u32, errors u32, unknown u32, out: octets u64, unicast u32, multicast u32,
 *                    broadcast u32, discards u32, errors u32, promiscuous u32
 *   ethernet (2)   = 13 u32 of dot3Stats
 */

export interface SflowHeader {
  agentAddress: Uint8Array
  subAgent: number
  sequence: number
  uptimeMs: number
}

export interface SflowFlowSample {
  kind: 'flow'
  sequence: number
  /** The port that sampled: its ifIndex. */
  source: number
  samplingRate: number
  /** Packets that could have been sampled by this source so far. */
  pool: number
  input: number
  output: number
  /** On the cable, frame check sequence included. */
  frameOctets: number
  /** The frame's beginning, at most 128 octets, without frame check sequence. */
  header: Uint8Array
}

export interface SflowCountersSample {
  kind: 'counters'
  sequence: number
  ifIndex: number
  ifType: number
  bitsPerSecond: number
  isUp: boolean
  inOctets: bigint
  inUnicast: bigint
  inMulticast: bigint
  inBroadcast: bigint
  inErrors: bigint
  outOctets: bigint
  outUnicast: bigint
  outMulticast: bigint
  outBroadcast: bigint
}

export type SflowSample = SflowFlowSample | SflowCountersSample

const datagramHeaderOctets = 28
const sampleHeaderOctets = 8
const flowSampleOctets = 32
const rawHeaderOctets = 24
const countersSampleOctets = 12
const genericOctets = 88
const ethernetOctets = 52
const recordHeaderOctets = 8
const strippedOctets = 4

export function encodeSflow(header: SflowHeader, samples: readonly SflowSample[]): Buffer {
  const datagram = Buffer.alloc(samples.reduce((sum, sample) => sum + sflowSampleOctets(sample), datagramHeaderOctets))
  datagram.writeUInt32BE(5, 0)
  datagram.writeUInt32BE(1, 4)
  datagram.set(header.agentAddress, 8)
  datagram.writeUInt32BE(header.subAgent, 12)
  datagram.writeUInt32BE(header.sequence >>> 0, 16)
  datagram.writeUInt32BE((header.uptimeMs % 4_294_967_296) >>> 0, 20)
  datagram.writeUInt32BE(samples.length, 24)
  let at = datagramHeaderOctets
  for (const sample of samples) {
    if (sample.kind === 'flow') writeFlowSample(datagram, at, sample)
    else writeCountersSample(datagram, at, sample)
    at += sflowSampleOctets(sample)
  }
  return datagram
}

export function sflowSampleOctets(sample: SflowSample): number {
  if (sample.kind === 'counters') {
    return sampleHeaderOctets + countersSampleOctets + 2 * recordHeaderOctets + genericOctets + ethernetOctets
  }
  return sampleHeaderOctets + flowSampleOctets + rawHeaderOctets + Math.ceil(sample.header.length / 4) * 4
}

export const sflowDatagramHeaderOctets = datagramHeaderOctets

function writeFlowSample(target: Buffer, start: number, sample: SflowFlowSample): void {
  const headerOctets = Math.ceil(sample.header.length / 4) * 4
  writeWords(target, start, [
    1,
    sflowSampleOctets(sample) - sampleHeaderOctets,
    sample.sequence,
    sample.source,
    sample.samplingRate,
    sample.pool,
    0,
    sample.input,
    sample.output,
    1,
    1,
    rawHeaderOctets - recordHeaderOctets + headerOctets,
    1,
    sample.frameOctets,
    strippedOctets,
    sample.header.length,
  ])
  target.set(sample.header, start + sampleHeaderOctets + flowSampleOctets + rawHeaderOctets)
}

function writeCountersSample(target: Buffer, start: number, sample: SflowCountersSample): void {
  const high = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n))
  const low = (value: bigint): number => Number(BigInt.asUintN(32, value))
  const errors = low(sample.inErrors)
  writeWords(target, start, [
    2,
    sflowSampleOctets(sample) - sampleHeaderOctets,
    sample.sequence,
    sample.ifIndex,
    2,
    1,
    genericOctets,
    sample.ifIndex,
    sample.ifType,
    Math.floor(sample.bitsPerSecond / 4_294_967_296),
    sample.bitsPerSecond,
    1,
    sample.isUp ? 3 : 1,
    high(sample.inOctets),
    low(sample.inOctets),
    low(sample.inUnicast),
    low(sample.inMulticast),
    low(sample.inBroadcast),
    0,
    errors,
    0,
    high(sample.outOctets),
    low(sample.outOctets),
    low(sample.outUnicast),
    low(sample.outMulticast),
    low(sample.outBroadcast),
    0,
    0,
    0,
    2,
    ethernetOctets,
    // dot3StatsAlignmentErrors, then FCSErrors, then eleven that stay at zero.
    0,
    errors,
    ...new Array<number>(11).fill(0),
  ])
}

function writeWords(target: Buffer, start: number, words: readonly number[]): void {
  for (const [i, word] of words.entries()) target.writeUInt32BE(word >>> 0, start + 4 * i)
}
