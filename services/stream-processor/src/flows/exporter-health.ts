import type { DatagramBatch } from '../../../../libs/model/src/index.ts'
import type { ExporterCounters, ExporterDecoder, FlowColumns } from '../../../../libs/wire/src/index.ts'
import { type ActiveTimeoutState, activeTimeoutMs, newActiveTimeout, sampleDuration } from './active-timeout.ts'
import { flowProtocolName } from './flow-rows.ts'

/** A sampling rate not seen on a record for this long is no longer in force. */
const rateKeptMs = 600_000
/** Rates shown for one exporter; the one seen longest ago makes room. */
const ratesMax = 16

const counted = [
  'datagrams',
  'records',
  'optionsRecords',
  'sequenceReceived',
  'sequenceLost',
  'sequenceReordered',
  'sequenceDuplicates',
  'sequenceRestarts',
  'samplesLost',
  'templatesRedefined',
  'templatesEvicted',
  'heldDropped',
  'unscaledRecords',
  'clockSkewedDatagrams',
] as const satisfies readonly (keyof ExporterCounters)[]

export type HealthTotals = Record<(typeof counted)[number] | 'kernelDrops' | 'rateLimitDrops' | 'bufferDrops', number>

/** Plain JSON, part of the exporter's state piece. */
export interface SavedHealth {
  firstSeenMs: number
  protocols: string[]
  totals: HealthTotals
  errors: Record<string, number>
  clockSkewMs: number | null
  templateRefreshMs: number
  rates: [rate: number, seenMs: number][]
  durations: ActiveTimeoutState
}

/**
 * What an exporter shows of itself beyond its records. Counts go on over restarts and owners: a decoder's own begin at 0
 * with it, so that what they grew by since the last batch is added here.
 */
export class ExporterHealth {
  readonly #counters: ExporterCounters
  readonly #state: SavedHealth
  /** The decoder's counters as of the last batch. */
  readonly #seen = zeros()
  readonly #errorsSeen = new Map<string, number>()

  constructor(decoder: ExporterDecoder, saved?: SavedHealth) {
    this.#counters = decoder.counters
    this.#state = saved ?? {
      firstSeenMs: 0,
      protocols: [],
      totals: zeros(),
      errors: {},
      clockSkewMs: null,
      templateRefreshMs: 0,
      rates: [],
      durations: newActiveTimeout(),
    }
  }

  /**
   * Notes one decoded datagram; its first record speaks for the others, so that nothing is done per record.
   * @param from first of its records in `flows`, and `to` past the last
   */
  noteDatagram(datagram: Uint8Array, receivedMs: number, flows: FlowColumns, from: number, to: number): void {
    const version = protocolVersion(datagram)
    if (version > 0) {
      const name = flowProtocolName(version)
      if (!this.#state.protocols.includes(name)) this.#state.protocols.push(name)
      if (version !== sflowVersion) this.#state.clockSkewMs = this.#counters.clockSkewMs
    }
    if (from === to) return
    this.#noteRate(flows.samplingRate[from]!, receivedMs)
    sampleDuration(this.#state.durations, flows.endMs[from]! - flows.startMs[from]!, receivedMs)
  }

  /** Takes over what the decoder counted in this batch, and what the collector says was dropped before it. */
  noteBatch(batch: DatagramBatch, stampMs: number): void {
    const { totals, errors } = this.#state
    if (this.#state.firstSeenMs === 0) this.#state.firstSeenMs = stampMs
    for (const name of counted) {
      const now = this.#counters[name]
      totals[name] += now - this.#seen[name]
      this.#seen[name] = now
    }
    for (const [code, count] of this.#counters.errorsByCode) {
      const before = this.#errorsSeen.get(code) ?? 0
      if (count === before) continue
      errors[code] = (errors[code] ?? 0) + count - before
      this.#errorsSeen.set(code, count)
    }
    totals.kernelDrops += Number(batch.kernelDrops)
    totals.rateLimitDrops += Number(batch.rateLimitDrops)
    totals.bufferDrops += Number(batch.bufferDrops)
    if (this.#counters.templateRefreshMs > 0) this.#state.templateRefreshMs = this.#counters.templateRefreshMs
  }

  get firstSeenMs(): number {
    return this.#state.firstSeenMs
  }

  get protocols(): readonly string[] {
    return this.#state.protocols
  }

  get totals(): Readonly<HealthTotals> {
    return this.#state.totals
  }

  get errors(): Readonly<Record<string, number>> {
    return this.#state.errors
  }

  /** The exporter's clock less arrival, milliseconds; null before a protocol with a clock came. */
  get clockSkewMs(): number | null {
    return this.#state.clockSkewMs
  }

  get templateRefreshMs(): number | undefined {
    return this.#state.templateRefreshMs || undefined
  }

  get activeTimeoutMs(): number | undefined {
    return activeTimeoutMs(this.#state.durations)
  }

  get templatesKnown(): number {
    return this.#counters.templatesKnown
  }

  get heldSets(): number {
    return this.#counters.heldDatagrams
  }

  get heldOldestMs(): number {
    return this.#counters.heldOldestMs
  }

  get heldNewestMs(): number {
    return this.#counters.heldNewestMs
  }

  /** Rates seen on records of the last ten minutes before `nowMs`, in order; 0 is an unknown one. */
  samplingRates(nowMs: number): number[] {
    return this.#state.rates
      .filter(([, seenMs]) => nowMs - seenMs <= rateKeptMs)
      .map(([rate]) => rate)
      .sort((a, b) => a - b)
  }

  save(): SavedHealth {
    return this.#state
  }

  #noteRate(rate: number, atMs: number): void {
    const { rates } = this.#state
    const known = rates.find(([one]) => one === rate)
    if (known) {
      known[1] = atMs
      return
    }
    rates.push([rate, atMs])
    if (rates.length <= ratesMax) return
    const eldest = rates.reduce((least, one) => (one[1] < least[1] ? one : least))
    rates.splice(rates.indexOf(eldest), 1)
  }
}

function zeros(): HealthTotals {
  const names = [...counted, 'kernelDrops', 'rateLimitDrops', 'bufferDrops'] as const
  return Object.fromEntries(names.map(name => [name, 0])) as HealthTotals
}

const sflowVersion = 105

/** As the `version` column has it; 0 for what is no flow protocol. */
function protocolVersion(datagram: Uint8Array): number {
  if (datagram.length < 4) return 0
  const version = datagram[0]! * 256 + datagram[1]!
  if (version === 0) return datagram[2] === 0 && datagram[3] === 5 ? sflowVersion : 0
  return version === 1 || version === 5 || version === 7 || version === 9 || version === 10 ? version : 0
}
