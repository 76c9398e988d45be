import { setTimeout as sleep } from 'node:timers/promises'
import type { CapturedDatagram } from '../../../../libs/wire/src/index.ts'
import { exportHeader } from './export-header.ts'
import { Pacer } from './pacer.ts'
import { canSeeReceivers, receiveQueue } from './receive-queue.ts'
import { ReplaySockets } from './replay-sockets.ts'
import { shiftOf, TimeShifter } from './time-shift.ts'

/** Ports that collectors listen on for flows; what goes there is flow export, however broken. */
const flowPorts = new Set([2055, 2056, 4729, 4730, 4739, 6343, 8877, 9555, 9990, 9995, 9996, 9999])

export interface ReplayOptions {
  to: string
  /** Destination of every datagram; the capture's own unless given. */
  port?: number
  /** Divides the capture's pauses; as fast as the receiver reads unless given. */
  speed?: number
  keepTime: boolean
  signal: AbortSignal
  nowMs: () => number
}

export interface ReplaySummary {
  datagrams: number
  bytes: number
  /** Datagrams of the capture that were not sent because they are no flow export. */
  skipped: number
  exporters: Record<string, { address: string | null; datagrams: number; bytes: number }>
  ports: number[]
  shiftSeconds: number
  durationMs: number
  /** What the kernel dropped at the receivers meanwhile; null where it cannot be seen. */
  kernelDrops: number | null
}

/** The datagrams of a capture that a replay sends; `all` takes those too that are no flow export. */
export function replayable(
  datagrams: Iterable<CapturedDatagram>,
  all: boolean,
): { chosen: CapturedDatagram[]; skipped: number } {
  const chosen: CapturedDatagram[] = []
  let skipped = 0
  for (const datagram of datagrams) {
    if (all || flowPorts.has(datagram.destinationPort) || exportHeader(datagram.payload)) chosen.push(datagram)
    else skipped++
  }
  return { chosen, skipped }
}

/**
 * Sends the datagrams, each exporter's from its own address.
 * @param addresses original exporter → address to send from
 */
export async function replay(
  datagrams: readonly CapturedDatagram[],
  addresses: ReadonlyMap<string, string>,
  options: ReplayOptions,
): Promise<Omit<ReplaySummary, 'skipped'>> {
  const ports = [...new Set(datagrams.map(({ destinationPort }) => options.port ?? destinationPort))]
  const visible = isLocal(options.to) && canSeeReceivers()
  const dropsBefore = visible ? dropsAt(ports) : 0
  const startedMs = performance.now()
  const firstMs = datagrams[0]?.timestampMs ?? 0
  const lastMs = datagrams.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs), firstMs)
  const willTakeMs = options.speed ? (lastMs - firstMs) / options.speed : 0
  const shiftSeconds = options.keepTime ? 0 : shiftOf(datagrams, options.nowMs() + willTakeMs)
  const shifter = new TimeShifter(shiftSeconds)
  const sockets = new ReplaySockets(addresses, options.to)
  const pacer = new Pacer(ports, visible)
  const summary = { datagrams: 0, bytes: 0, exporters: {} as ReplaySummary['exporters'] }
  try {
    for (const datagram of datagrams) {
      if (options.speed) await sleepUntil(startedMs + (datagram.timestampMs - firstMs) / options.speed, options.signal)
      if (options.signal.aborted) break
      const payload = shifter.shifted(datagram)
      await pacer.beforeSending(payload.length)
      await sockets.send(datagram.source, datagram.sourcePort, payload, options.port ?? datagram.destinationPort)
      count(summary, datagram, addresses.get(datagram.source) ?? null)
    }
  } finally {
    sockets.close()
  }
  return {
    ...summary,
    ports,
    shiftSeconds,
    durationMs: Math.round(performance.now() - startedMs),
    kernelDrops: visible ? dropsAt(ports) - dropsBefore : null,
  }
}

export function isLocal(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === 'localhost'
}

function count(
  summary: Pick<ReplaySummary, 'datagrams' | 'bytes' | 'exporters'>,
  datagram: CapturedDatagram,
  address: string | null,
): void {
  summary.exporters[datagram.source] ??= { address, datagrams: 0, bytes: 0 }
  const exporter = summary.exporters[datagram.source]!
  for (const counts of [summary, exporter]) {
    counts.datagrams++
    counts.bytes += datagram.payload.length
  }
}

function dropsAt(ports: readonly number[]): number {
  return ports.reduce((sum, port) => sum + (receiveQueue(port)?.dropped ?? 0), 0)
}

async function sleepUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  const delayMs = dueMs - performance.now()
  if (delayMs >= 1) await sleep(delayMs, undefined, { signal }).catch(() => {})
}
