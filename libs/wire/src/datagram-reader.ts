import { viewOf } from './byte-view.ts'
import { columnSink, createTappedDecoder } from './create-exporter-decoder.ts'
import type { DatagramContext } from './datagram-context.ts'
import type { DatagramDecoder } from './datagram-decoder.ts'
import type { DomainSession } from './domain-session.ts'
import type { DatagramOutcome, DecodeError } from './exporter-decoder.ts'
import { type ExporterState, type RecordSink, templateFieldsCeiling } from './exporter-state.ts'
import { FlowColumns } from './flow-columns.ts'
import { type RecordFields, recordFields } from './record-fields.ts'
import { readSflow } from './sflow-reader.ts'
import { locateFields, type Template } from './template.ts'

/** A NetFlow or IPFIX record with all its fields, as `weir decode` prints it. */
export interface NetflowRecord {
  version: 'netflow1' | 'netflow5' | 'netflow7' | 'netflow9' | 'ipfix'
  exporter: string
  observationDomainId: number
  /** Null where the protocol has no templates. */
  templateId: number | null
  flowset: 'data' | 'options'
  fields: RecordFields
}

export interface SflowRecord {
  version: 'sflow5'
  exporter: string
  agent: string
  subAgentId: number
  sampleType: string
  samplingRate: number | null
  fields: RecordFields
}

export type DecodedRecord = NetflowRecord | SflowRecord

export interface ExporterTally {
  datagrams: number
  records: number
  optionsRecords: number
  octets: bigint
  packets: bigint
  errors: Map<string, number>
}

/** Exporters whose state is kept; the eldest make room (F10). */
const exportersMax = 10_000
/** Exporters that are counted apart; what comes after is counted together. */
const talliesMax = 65_536
const others = 'others'
/** A capture's templates can come at its end, or in another file of years before. */
const captureOptions = {
  heldOctetsMax: 1_048_576,
  heldSetsMax: 8_192,
  heldMsMax: Number.POSITIVE_INFINITY,
  templateMsMax: Number.POSITIVE_INFINITY,
}

const protocols: Readonly<Record<number, NetflowRecord['version']>> = {
  1: 'netflow1',
  5: 'netflow5',
  7: 'netflow7',
  9: 'netflow9',
  10: 'ipfix',
}

/**
 * Reads datagrams of any number of exporters into whole records, and adds up what they held: octets and packets as
 * exported (IE 1, else 85, else 231 + 232; likewise packets; sFlow the frame lengths), not scaled, reverse halves of
 * biflows left out. A datagram that came twice counts twice.
 */
export class DatagramReader {
  readonly exporters = new Map<string, ExporterTally>()
  /** The first error of each code. */
  readonly firstErrors = new Map<string, DecodeError & { exporter: string }>()
  #decoders = new Map<string, DatagramDecoder>()
  #columns = new FlowColumns(256)
  #records: DecodedRecord[] = []
  #exporter = ''
  #withRecords: boolean

  /** @param withRecords false to count only */
  constructor(withRecords = true) {
    this.#withRecords = withRecords
  }

  /** @returns the datagram's records; the array is the next call's too */
  read(payload: Uint8Array, exporter: string, sourcePort: number, receivedMs: number): readonly DecodedRecord[] {
    this.#records.length = 0
    this.#exporter = exporter
    this.#columns.reset()
    const outcome = this.#decoder(exporter).decode(payload, sourcePort, receivedMs, this.#columns)
    if (this.#withRecords) this.#readSflow(payload)
    this.#tally(exporter).datagrams++
    this.#count(outcome)
    return this.#records
  }

  /**
   * Call when no more datagrams come: reads what waited for its template with one from another source port, and counts what
   * has none as not parsed.
   * @returns the records that were read now
   */
  finish(): readonly DecodedRecord[] {
    this.#records.length = 0
    for (const exporter of [...this.#decoders.keys()]) this.#close(exporter)
    return this.#records
  }

  #close(exporter: string): void {
    const decoder = this.#decoders.get(exporter)!
    if (decoder.counters.heldDatagrams > 0) {
      this.#exporter = exporter
      this.#columns.reset()
      this.#count(decoder.readHeldByOtherPorts(this.#columns))
    }
    const { heldDatagrams, errorsByCode } = decoder.counters
    const { errors } = this.#tally(exporter)
    for (const [code, count] of errorsByCode) addTo(errors, code, count)
    if (heldDatagrams > 0) addTo(errors, 'template-missing', heldDatagrams)
    this.#decoders.delete(exporter)
  }

  #decoder(exporter: string): DatagramDecoder {
    let decoder = this.#decoders.get(exporter)
    if (!decoder) {
      decoder = createTappedDecoder({ ...captureOptions, duplicates: 'keep', reverseRecords: false }, state =>
        this.#sink(state),
      )
      this.#decoders.set(exporter, decoder)
      if (this.#decoders.size > exportersMax) this.#close(this.#decoders.keys().next().value as string)
    }
    return decoder
  }

  #tally(exporter: string): ExporterTally {
    const name = this.exporters.size < talliesMax || this.exporters.has(exporter) ? exporter : others
    let tally = this.exporters.get(name)
    if (!tally) {
      tally = { datagrams: 0, records: 0, optionsRecords: 0, octets: 0n, packets: 0n, errors: new Map() }
      this.exporters.set(name, tally)
    }
    return tally
  }

  #count(outcome: DatagramOutcome): void {
    const tally = this.#tally(this.#exporter)
    const { octets, packets, length } = this.#columns
    tally.records += outcome.records
    tally.optionsRecords += outcome.optionsRecords
    for (const error of outcome.errors) {
      if (!this.firstErrors.has(error.code)) this.firstErrors.set(error.code, { exporter: this.#exporter, ...error })
    }
    for (let row = 0; row < length; row++) {
      tally.octets += octets[row]!
      tally.packets += packets[row]!
    }
  }

  #readSflow(payload: Uint8Array): void {
    if (payload.length < 28) return
    const view = viewOf(payload)
    const at = payload.byteOffset
    if (view.getUint32(at) !== 5 || view.getUint32(at + 4) - 1 > 1) return
    for (const sample of readSflow(view, at, at + payload.length, this.#columns, 0)) {
      this.#records.push({ version: 'sflow5', exporter: this.#exporter, ...sample })
    }
  }

  #sink(state: ExporterState): RecordSink {
    const columns = columnSink(state)
    if (!this.#withRecords) return columns
    const starts = new Int32Array(templateFieldsCeiling)
    const lengths = new Int32Array(templateFieldsCeiling)
    return {
      data: (template, view, at, end, out, context, session) => {
        const row = out.length
        const records = columns.data(template, view, at, end, out, context, session)
        clearPostCounters(template, out, row)
        const count = records < 0 ? -1 - records : records
        let position = at
        for (let record = 0; record < count; record++) {
          position = locateFields(template.fields, view, position, end, starts, lengths)
          if (position < 0) break
          this.#push(state, template, view, starts, lengths, context, session, 'data')
        }
        return records
      },
      options: (template, view, located, locatedLengths, context, session) =>
        this.#push(state, template, view, located, locatedLengths, context, session, 'options'),
    }
  }

  #push(
    state: ExporterState,
    template: Template,
    view: DataView,
    starts: Int32Array,
    lengths: Int32Array,
    context: DatagramContext,
    session: DomainSession,
    flowset: 'data' | 'options',
  ): void {
    const lookup = (id: number): Template | undefined => state.templates.get(state.templateKey(session, id))
    this.#records.push({
      version: protocols[context.version]!,
      exporter: this.#exporter,
      observationDomainId: context.observationDomain,
      templateId: context.version < 9 ? null : template.id,
      flowset,
      fields: recordFields(template.fields, context.version, view, starts, lengths, lookup),
    })
  }
}

/** The sums are of what came in (IE 1, 85, 231 and 232; 2, 86, 298 and 299), also where the columns have what went out. */
function clearPostCounters({ fields }: Template, out: FlowColumns, row: number): void {
  const has = (...elements: number[]): boolean =>
    fields.some(({ enterprise, element }) => enterprise === 0 && elements.includes(element))
  if (has(23) && !has(1, 85, 231, 232)) out.octetsWords.fill(0, 2 * row, 2 * out.length)
  if (has(24) && !has(2, 86, 298, 299)) out.packetsWords.fill(0, 2 * row, 2 * out.length)
}

function addTo(counts: Map<string, number>, code: string, count: number): void {
  counts.set(code, (counts.get(code) ?? 0) + count)
}
