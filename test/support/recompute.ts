import { fromBinary } from '@bufbuild/protobuf'
import type { Bus, BusRecord } from '../../libs/bus/src/index.ts'
import { exporterId, FlowsRawRecordSchema, PollRecordSchema, topics } from '../../libs/model/src/index.ts'
import { type DeviceTrackState, trackPoll } from '../../libs/stream/src/index.ts'
import { addressText, createExporterDecoder, type ExporterDecoder, FlowColumns } from '../../libs/wire/src/index.ts'

/**
 * Window totals recomputed from the log alone: one pass over each partition up to its committed offset, in plain BigInt
 * arithmetic, without epochs, state rows, tokens or restarts. What the store holds must equal it.
 */
export interface Recomputed {
  /** `exporterId|window start (s)` → sums. */
  flows: Map<string, FlowSums>
  /** `tenant|interfaceId|window start (s)` → sums. */
  interfaces: Map<string, InterfaceSums>
}

export interface FlowSums {
  octets: bigint
  packets: bigint
  octetsExported: bigint
  packetsExported: bigint
  records: bigint
}

export interface InterfaceSums {
  inOctets: bigint
  outOctets: bigint
  observedMs: bigint
}

/** @param committed offset up to which each partition counts, by `topic/partition` */
export async function recompute(bus: Bus, committed: ReadonlyMap<string, number>): Promise<Recomputed> {
  const result: Recomputed = { flows: new Map(), interfaces: new Map() }
  const decoders = new Map<string, ExporterDecoder>()
  const columns = new FlowColumns()
  for (const record of await recordsOf(bus, topics.flowsRaw, committed)) {
    addDatagrams(result.flows, decoders, columns, record)
  }
  const devices = new Map<string, DeviceTrackState>()
  for (const record of await recordsOf(bus, topics.polls, committed)) addPoll(result.interfaces, devices, record)
  return result
}

async function recordsOf(bus: Bus, topic: string, committed: ReadonlyMap<string, number>): Promise<BusRecord[]> {
  const found: BusRecord[] = []
  const tail = await bus.tail({
    topic,
    from: 'start',
    records(records) {
      for (const record of records) {
        if (record.offset < (committed.get(`${record.topic}/${record.partition}`) ?? 0)) found.push(record)
      }
    },
  })
  await tail.caughtUp
  await tail.close()
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

function addDatagrams(
  sums: Map<string, FlowSums>,
  decoders: Map<string, ExporterDecoder>,
  columns: FlowColumns,
  record: BusRecord,
): void {
  const message = fromBinary(FlowsRawRecordSchema, record.value!)
  if (message.body.case !== 'batch') return
  const batch = message.body.value
  const id = exporterId(message.tenantId, message.collectorId, addressText(batch.exporterAddress))
  let decoder = decoders.get(id)
  if (!decoder) {
    decoder = createExporterDecoder({})
    decoders.set(id, decoder)
  }
  let at = 0
  for (let i = 0; i < batch.length.length; i++) {
    const length = batch.length[i]!
    const receivedMs = Math.floor(Number(batch.firstReceivedUs) / 1000 + (batch.receivedOffsetUs[i] ?? 0) / 1000)
    columns.reset()
    decoder.decode(batch.payload.subarray(at, at + length), batch.sourcePort[i] ?? 0, receivedMs, columns)
    at += length
    for (let row = 0; row < columns.length; row++) addFlow(sums, id, columns, row)
  }
}

function addFlow(sums: Map<string, FlowSums>, id: string, columns: FlowColumns, row: number): void {
  const start = BigInt(Math.floor(columns.startMs[row]!))
  const end = BigInt(Math.floor(columns.endMs[row]!))
  const rate = BigInt(columns.samplingRate[row]! || 1)
  for (const { window, share, first } of shares(start, end > start ? end : start)) {
    const octets = share(columns.octets[row]!)
    const packets = share(columns.packets[row]!)
    const key = `${id}|${window / 1000n}`
    const before = sums.get(key) ?? { octets: 0n, packets: 0n, octetsExported: 0n, packetsExported: 0n, records: 0n }
    sums.set(key, {
      octets: before.octets + octets * rate,
      packets: before.packets + packets * rate,
      octetsExported: before.octetsExported + octets,
      packetsExported: before.packetsExported + packets,
      records: before.records + (first ? 1n : 0n),
    })
  }
}

/** Windows of a minute that [start, end) touches, and of each the part of an amount that falls to it. */
function shares(start: bigint, end: bigint): { window: bigint; share: (amount: bigint) => bigint; first: boolean }[] {
  const minute = 60_000n
  const firstWindow = start - (start % minute)
  if (end <= firstWindow + minute) return [{ window: firstWindow, share: amount => amount, first: true }]
  const upTo = (amount: bigint, time: bigint): bigint => (amount * (time - start)) / (end - start)
  const found = []
  for (let window = firstWindow; window < end; window += minute) {
    const from = window > start ? window : start
    const to = window + minute < end ? window + minute : end
    found.push({
      window,
      share: (amount: bigint) => upTo(amount, to) - upTo(amount, from),
      first: window === firstWindow,
    })
  }
  return found
}

function addPoll(sums: Map<string, InterfaceSums>, devices: Map<string, DeviceTrackState>, record: BusRecord): void {
  const message = fromBinary(PollRecordSchema, record.value!)
  if (message.body.case !== 'poll') return
  const poll = message.body.value
  const key = `${message.tenantId}/${poll.deviceId}`
  const { state, tracked } = trackPoll(devices.get(key), poll)
  devices.set(key, state)
  for (const row of tracked.rows) {
    const cell = `${message.tenantId}|${row.interface_id}|${row.window_start}`
    const before = sums.get(cell) ?? { inOctets: 0n, outOctets: 0n, observedMs: 0n }
    sums.set(cell, {
      inOctets: before.inOctets + row.in_octets,
      outOctets: before.outOctets + row.out_octets,
      observedMs: before.observedMs + BigInt(row.observed_ms),
    })
  }
}
