import type { FlowColumns } from './flow-columns.ts'
import type { LearnedNames } from './learned-names.ts'
import type { LearnedTemplate } from './learned-templates.ts'

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
  /** Changes what `DecoderOptions.keyBySourcePort` says; templates that were learned under the other key are learned anew. */
  setKeyBySourcePort(keyed: boolean): void
  /** Changes whenever `snapshot` would; equal values mean an equal snapshot. */
  readonly stateVersion: number
  /** Plain JSON; what `createExporterDecoder` takes back. Without the names. */
  snapshot(): unknown
  readonly counters: ExporterCounters
  /** Changes whenever `templates` would list other templates or layouts; means nothing across decoders. */
  readonly templatesVersion: number
  /** What options data called applications, interfaces, VRFs and samplers. Saved apart from `snapshot`: `names.save()`. */
  readonly names: LearnedNames
  /** All templates known now. Not cheap: ask when `templatesVersion` has changed. */
  templates(): LearnedTemplate[]
}

export interface DatagramOutcome {
  /** Data records and sFlow flow samples appended to the columns; the reverse halves of biflows are not counted. */
  records: number
  optionsRecords: number
  /** Data sets or records held because their template has not come yet. */
  held: number
  /** Empty when all of the datagram parsed. Reused by the next call. */
  errors: readonly DecodeError[]
  /** The same datagram came before; nothing was appended. */
  duplicate: boolean
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
  /** Sequence units that came: what `sequenceLost` is a share of. Units as there. */
  sequenceReceived: number
  /**
   * Sequence units that never came, each protocol in its own (flows v5, datagrams v9 and sFlow, data records IPFIX), and
   * datagrams that came late. What came late after all is no longer lost.
   */
  sequenceLost: number
  sequenceReordered: number
  /** Datagrams that came twice, and restarts of the exporter, after which numbers begin anew. */
  sequenceDuplicates: number
  sequenceRestarts: number
  /** sFlow samples that the agent took but that never came. */
  samplesLost: number
  templatesKnown: number
  /** Templates whose id came again with another layout, and those let go because of a bound. */
  templatesRedefined: number
  templatesEvicted: number
  /** Templates let go because they were neither announced nor used for a day. */
  templatesExpired: number
  /** Time between the last two announcements of the template announced last; 0 before one came twice. */
  templateRefreshMs: number
  /** Data sets held for their template now, and those dropped because it never came. */
  heldDatagrams: number
  heldDropped: number
  /** Arrival of the eldest and of the newest data set that is held now; 0 where none is. */
  heldOldestMs: number
  heldNewestMs: number
  /** sFlow counter samples, and packets reported as discarded; neither is a flow. */
  counterSamples: number
  discardedPackets: number
  /** NetFlow v9 datagrams whose header counts other than the records they hold. */
  countMismatches: number
  /** IPFIX and sFlow datagrams with octets after what their header announces; those were ignored. */
  trailingDatagrams: number
  /** Records whose end lay before their start, lasted absurdly long or lay absurdly far back. */
  timesClamped: number
  /** Records with sampling in use at a rate that nobody told. */
  unscaledRecords: number
  /** Reverse halves of biflows, appended beside `records`. */
  reverseRecords: number
  /** The exporter's clock less arrival, of the newest datagram with a clock; and datagrams moved because of it. */
  clockSkewMs: number
  clockSkewedDatagrams: number
}
