import type { FlowColumns } from './flow-columns.ts'

/**
 * Decodes the datagrams of one exporter (one exporterId), in log order, and remembers what they teach: templates,
 * sampling, sequence numbers. Its output is a function of its state and the datagram, so that a replay from a snapshot
 * yields the same records. Nothing that came from the network throws.
 */
export interface ExporterDecoder {
  /**
   * Appends the datagram's records to `out`.
   * @param sourcePort UDP source port: part of the template key
   * @param receivedMs arrival, milliseconds since the Unix epoch: what clocks are checked against
   */
  decode(datagram: Uint8Array, sourcePort: number, receivedMs: number, out: FlowColumns): DatagramOutcome
  /** Changes whenever `snapshot` would; equal values mean an equal snapshot. */
  readonly stateVersion: number
  /** Plain JSON; what `createExporterDecoder` takes back. */
  snapshot(): unknown
  readonly counters: ExporterCounters
}

export interface DatagramOutcome {
  /** Data records appended to the columns. */
  records: number
  optionsRecords: number
  /** Data sets or records held because their template has not come yet. */
  held: number
  /** Empty when all of the datagram parsed. Reused by the next call. */
  errors: readonly DecodeError[]
}

/** A parse error is a value: closed code, byte offset in the datagram, and the path to it. */
export interface DecodeError {
  code: string
  offset: number
  /** Outermost first: `in ipfix: in set 2: in template 260`. */
  context: string
}

export interface ExporterCounters {
  datagrams: number
  records: number
  optionsRecords: number
  errorsByCode: ReadonlyMap<string, number>
  /** Sequence units (flows, packets or samples, by protocol) that never came; and datagrams that came late or twice. */
  sequenceLost: number
  sequenceReordered: number
  templatesKnown: number
  heldDatagrams: number
}
