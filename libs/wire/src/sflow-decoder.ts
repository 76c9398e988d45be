import { isZero } from './byte-view.ts'
import type { DecodeErrorCode } from './decode-errors.ts'
import { noteAgentUptime } from './domain-session.ts'
import { nameOf } from './element-values.ts'
import type { ExporterState, SflowAgent } from './exporter-state.ts'
import { arrivalOf, fingerprint } from './fingerprint.ts'
import { column, type FlowColumns } from './flow-columns.ts'
import { maskOf } from './record-plan.ts'
import { readFlowRecords } from './sflow-flow-records.ts'

/** `FlowColumns.version` of sFlow v5. */
export const sflowVersion = 105

const sourcesMax = 4_096
const sampleGapMax = 1_000_000
const flowSampleLengthMin = 40
const flowSampleHeaderMin = 32

const filled = new Set<number>([
  column.startMs,
  column.endMs,
  column.octets,
  column.packets,
  column.samplingRate,
  column.version,
  column.observationDomain,
  column.sourceAddress,
  column.destinationAddress,
  column.nextHop,
  column.sourcePort,
  column.destinationPort,
  column.protocol,
  column.tcpFlags,
  column.tos,
  column.inputInterface,
  column.outputInterface,
  column.sourceAs,
  column.destinationAs,
  column.sourceMask,
  column.destinationMask,
  column.vlan,
  column.direction,
  column.postVlan,
  column.customerVlan,
  column.sourceMac,
  column.destinationMac,
  column.mplsTopLabel,
  column.mplsLabel2,
  column.mplsLabel3,
  column.icmpTypeCode,
  column.postNatSourceAddress,
  column.postNatDestinationAddress,
  column.postNatSourcePort,
  column.postNatDestinationPort,
  column.forwardingStatus,
  column.bgpNextHop,
  column.previousAs,
  column.nextAs,
  column.asPath,
])
const filledLow = maskOf(filled, 0)
const filledHigh = maskOf(filled, 32)

/**
 * sFlow version 5 (sflow.org/sflow_version_5.txt): one row a flow sample, with the sampled packet's headers and what the
 * extended records say. Counter samples and discarded packets (sflow_drops.txt) are counted; `readSflow` gives their fields.
 *
 *     datagram  version(4)=5 agent(type(4) address(4|16)) subAgent(4) sequence(4) uptime(4) count(4) samples
 *     sample    enterprise and format(4) length(4) body
 *
 * @returns false for a datagram that came twice
 */
export function decodeSflow(
  state: ExporterState,
  view: DataView,
  at: number,
  end: number,
  sourcePort: number,
  out: FlowColumns,
): boolean {
  const { errors, context, options } = state
  state.namesPort = options.keyBySourcePort ? sourcePort : 0
  if (end - at < 28) {
    errors.add('datagram-too-short', 0, 'in sflow5')
    return true
  }
  const addressType = view.getUint32(at + 4)
  if (addressType !== 1 && addressType !== 2) {
    errors.add('agent-address-invalid', 4, 'in sflow5')
    return true
  }
  const header = at + 8 + (addressType === 1 ? 4 : 16)
  if (header + 16 > end) {
    errors.add('datagram-too-short', 0, 'in sflow5')
    return true
  }
  const subAgent = view.getUint32(header)
  const sequence = view.getUint32(header + 4)
  const uptimeMs = view.getUint32(header + 8)
  const agent = state.agent(agentKey(view, at + 8, header, subAgent))
  const restarted = noteAgentUptime(agent, uptimeMs)
  if (restarted) {
    agent.flowSources.clear()
    agent.counterSources.clear()
  }
  const arrival = arrivalOf(agent.datagrams, sequence, view, at, end, restarted)
  if (arrival === 'duplicate' && options.duplicates === 'drop') return false

  context.version = sflowVersion
  context.observationDomain = subAgent
  const count = view.getUint32(header + 12)
  let position = header + 16
  let sample = 0
  out.reserve(Math.min(count, Math.floor((end - position) / flowSampleLengthMin)))
  for (; sample < count && position + 8 <= end; sample++) {
    const format = view.getUint32(position)
    const length = view.getUint32(position + 4)
    const body = position + 8
    if (length > end - body) {
      // A counter sample is kept as far as it goes: some agents count 4 octets too many (gopacket's packet 11).
      if (format === 2 || format === 4) decodeSample(state, agent, view, format, body, end, out)
      break
    }
    // Nothing follows the last sample that a record past its length could be mistaken for: agents count 4 octets too few
    // (gopacket's packets 5 and 8).
    const sampleEnd = sample === count - 1 && length >= flowSampleHeaderMin ? end : body + length
    if (!decodeSample(state, agent, view, format, body, sampleEnd, out)) {
      fault(state, 'sample-length-invalid', position, `in sflow5: in sample ${sample}`)
    }
    position = body + length
  }
  commonColumns(out, out.length, state.records, context.receivedMs, subAgent)
  out.append(state.records, filledLow, filledHigh)
  agent.datagrams.advance(sequence, 1, 1, arrival, fingerprint(view, at, end))
  if (sample < count) fault(state, 'datagram-truncated', position, `in sflow5: in sample ${sample}`)
  else if (position < end && !isZero(view, position, end)) state.trailingDatagrams++
  return true
}

/** What all samples of a datagram share. */
function commonColumns(out: FlowColumns, row: number, records: number, receivedMs: number, subAgent: number): void {
  const { startMs, endMs, version, observationDomain } = out
  for (let i = row; i < row + records; i++) {
    startMs[i] = receivedMs
    endMs[i] = receivedMs
    version[i] = sflowVersion
    observationDomain[i] = subAgent
  }
}

function fault(state: ExporterState, code: DecodeErrorCode, at: number, context: string): void {
  state.errors.add(code, at - state.base, context)
}

let keyedHigh = -1
let keyedLow = -1
let keyedSub = -1
let keyed = ''

/** Agents are few and their datagrams come in runs: the key's text is made again only when the agent changes. */
function agentKey(view: DataView, at: number, end: number, subAgent: number): string {
  if (end - at === 4) {
    const address = view.getUint32(at)
    if (address !== keyedLow || keyedHigh !== 0 || subAgent !== keyedSub) {
      keyedHigh = 0
      keyedLow = address
      keyedSub = subAgent
      keyed = `${address}/${subAgent}`
    }
    return keyed
  }
  let text = ''
  for (let position = at; position < end; position += 4) text += `${view.getUint32(position).toString(16)}:`
  return `${text}/${subAgent}`
}

/** @returns false when the sample is too short for its format */
function decodeSample(
  state: ExporterState,
  agent: SflowAgent,
  view: DataView,
  format: number,
  at: number,
  end: number,
  out: FlowColumns,
): boolean {
  switch (format) {
    case 1:
      if (end - at < 32) return false
      noteSample(state, agent.flowSources, view.getUint32(at), view.getInt32(at + 4))
      flowSample(state, view, at, end, false, out)
      return true
    case 3:
      if (end - at < 44) return false
      noteSample(state, agent.flowSources, view.getUint32(at), view.getInt32(at + 8))
      flowSample(state, view, at, end, true, out)
      return true
    case 2:
      if (end - at < 12) return false
      noteSample(state, agent.counterSources, view.getUint32(at), view.getInt32(at + 4))
      state.counterSamples++
      if (view.getUint8(at + 4) === 0) learnPortName(state, view, view.getUint32(at + 4), at + 8, end)
      return true
    case 4:
      if (end - at < 16) return false
      noteSample(state, agent.counterSources, view.getUint32(at), view.getInt32(at + 8))
      state.counterSamples++
      if (view.getUint32(at + 4) === 0) learnPortName(state, view, view.getUint32(at + 8), at + 12, end)
      return true
    case 5:
      state.discardedPackets++
      return true
    default:
      // Another enterprise's sample: its length says where it ends, which is all that is needed.
      return true
  }
}

const portNameFormat = 1_005
const counterRecordsMax = 64

/** The name of an interface, where a counter sample has it (sflow_lag.txt: port_name); `source` is its ifIndex. */
function learnPortName(state: ExporterState, view: DataView, source: number, at: number, end: number): void {
  if (source === 0) return
  let position = at + 4
  for (let record = 0; record < counterRecordsMax && position + 12 <= end; record++) {
    const length = view.getUint32(position + 4)
    const body = position + 8
    if (view.getUint32(position) === portNameFormat) {
      const nameLength = Math.min(view.getUint32(body), end - body - 4)
      state.names.learnInterface(state.namesPort, source, nameOf(view, body + 4, nameLength))
      return
    }
    position = body + 4 * Math.ceil(length / 4)
  }
}

/** Gaps in a data source's own numbers: samples the agent took and that never came. */
function noteSample(
  state: ExporterState,
  sources: Map<number, { next: number }>,
  sequence: number,
  source: number,
): void {
  const known = sources.get(source)
  if (known === undefined) {
    if (sources.size >= sourcesMax) sources.clear()
    sources.set(source, { next: (sequence + 1) >>> 0 })
    return
  }
  const distance = (sequence - known.next) | 0
  if (distance > 0 && distance < sampleGapMax) state.samplesLost += distance
  // One that came late leaves the newest number standing.
  if (distance >= 0 || distance < -1_000) known.next = (sequence + 1) >>> 0
}

/**
 *     flow sample  sequence(4) source(4) rate(4) pool(4) drops(4) input(4) output(4) count(4) records
 *     expanded     sequence(4) sourceType(4) source(4) rate(4) pool(4) drops(4) inputFormat(4) input(4)
 *                  outputFormat(4) output(4) count(4) records
 */
function flowSample(
  state: ExporterState,
  view: DataView,
  at: number,
  end: number,
  expanded: boolean,
  out: FlowColumns,
): void {
  const row = out.length + state.records
  const fields = at + (expanded ? 12 : 8)
  const source = expanded ? view.getUint32(at + 8) : view.getUint32(at + 4) & 0x00ff_ffff
  const sourceType = expanded ? view.getUint32(at + 4) : view.getUint8(at + 4)
  const rate = view.getUint32(fields)
  out.samplingRate[row] = rate
  if (rate === 0) state.unscaledRecords++
  out.packetsWords[2 * row] = 1
  const input = view.getUint32(fields + (expanded ? 16 : 12))
  const output = view.getUint32(fields + (expanded ? 24 : 16))
  const inputFormat = expanded ? view.getUint32(fields + 12) : input >>> 30
  const outputFormat = expanded ? view.getUint32(fields + 20) : output >>> 30
  out.inputInterface[row] = interfaceOf(inputFormat, input, expanded)
  out.outputInterface[row] = interfaceOf(outputFormat, output, expanded)
  if (outputFormat === 1) out.forwardingStatus[row] = droppedStatus(expanded ? output : output & 0x3fff_ffff)
  if (sourceType === 0 && source !== 0) {
    if (source === out.inputInterface[row]) out.direction[row] = 0
    else if (source === out.outputInterface[row]) out.direction[row] = 1
  }
  readFlowRecords(state, view, fields + (expanded ? 28 : 20), end, out, row)
  state.records++
}

/** Format 0 is an ifIndex; 0x3fffffff there is the device itself. Discards and multiple outputs have no index (F25). */
function interfaceOf(format: number, value: number, expanded: boolean): number {
  if (format !== 0) return 0
  return value === 0x3fff_ffff || (expanded && value === 0xffff_ffff) ? 0 : value
}

/** sFlow's reasons for a discard as forwardingStatus (RFC 7270 §4.12); ICMP unreachable codes are below 256. */
function droppedStatus(reason: number): number {
  switch (reason) {
    case 0:
    case 1:
      return 131
    case 257:
      return 137
    case 258:
      return 129
    case 260:
      return 139
    case 261:
      return 138
    case 262:
      return 133
    default:
      return 128
  }
}
