import {
  columnAddressText,
  createExporterDecoder,
  type DecoderOptions,
  type ExporterDecoder,
  FlowColumns,
} from '../src/index.ts'
import { receivedMs } from './packets.ts'

/** A record of the columns as an object, for expectations. */
export interface Row {
  start: number
  end: number
  octets: bigint
  packets: bigint
  samplingRate: number
  version: number
  domain: number
  source: string
  destination: string
  nextHop: string
  sourcePort: number
  destinationPort: number
  protocol: number
  tcpFlags: number
  tos: number
  input: number
  output: number
  sourceAs: number
  destinationAs: number
  sourceMask: number
  destinationMask: number
  vlan: number
  direction: number
}

export function rowsOf(columns: FlowColumns): Row[] {
  return Array.from({ length: columns.length }, (_, row) => ({
    start: columns.startMs[row]!,
    end: columns.endMs[row]!,
    octets: columns.octets[row]!,
    packets: columns.packets[row]!,
    samplingRate: columns.samplingRate[row]!,
    version: columns.version[row]!,
    domain: columns.observationDomain[row]!,
    source: columnAddressText(columns.sourceAddress, row),
    destination: columnAddressText(columns.destinationAddress, row),
    nextHop: columnAddressText(columns.nextHop, row),
    sourcePort: columns.sourcePort[row]!,
    destinationPort: columns.destinationPort[row]!,
    protocol: columns.protocol[row]!,
    tcpFlags: columns.tcpFlags[row]!,
    tos: columns.tos[row]!,
    input: columns.inputInterface[row]!,
    output: columns.outputInterface[row]!,
    sourceAs: columns.sourceAs[row]!,
    destinationAs: columns.destinationAs[row]!,
    sourceMask: columns.sourceMask[row]!,
    destinationMask: columns.destinationMask[row]!,
    vlan: columns.vlan[row]!,
    direction: columns.direction[row]!,
  }))
}

export interface Decoded {
  records: number
  optionsRecords: number
  held: number
  duplicate: boolean
  errors: string[]
  rows: Row[]
  columns: FlowColumns
}

/** One exporter and its decoder, with the outcome of each datagram as a value of its own. */
export class Exporter {
  readonly decoder: ExporterDecoder
  #columns = new FlowColumns(4)

  constructor(options: DecoderOptions = {}, state?: unknown) {
    this.decoder = createExporterDecoder(options, state)
  }

  send(datagram: Uint8Array, options: { port?: number; at?: number } = {}): Decoded {
    this.#columns.reset()
    const outcome = this.decoder.decode(datagram, options.port ?? 50_000, options.at ?? receivedMs, this.#columns)
    return {
      records: outcome.records,
      optionsRecords: outcome.optionsRecords,
      held: outcome.held,
      duplicate: outcome.duplicate,
      errors: outcome.errors.map(({ code, offset, context }) => `${code} @${offset} ${context}`.trim()),
      rows: rowsOf(this.#columns),
      columns: this.#columns,
    }
  }
}
