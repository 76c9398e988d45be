import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import { FlowAmounts, type SketchRows, TrafficSketch } from '../../../../libs/stream/src/index.ts'
import type { FlowColumns } from '../../../../libs/wire/src/index.ts'

const hourMs = 3_600_000
/** Of one exporter and epoch, sources, destinations and conversations each. */
const limits = { keysMax: 4_096, listedMax: 2_048, linksMax: 1_024 }
/** Words of a key: hour, input and output interface, then one address or two. */
const hostWords = 7
const conversationWords = 11

/** The `side` of `talker_1h`; what is not listed of sources has that of the sources and 2 more. */
const sourceSide = 0
const destinationSide = 1
const restSide = 2

export interface TalkersExporter {
  tenantId: string
  exporterId: string
}

/**
 * The largest hosts and conversations of one epoch by exporter, link and hour of arrival: rows of `talker_1h` and
 * `conversation_1h`. All of them while they are few; of a crowd or a flood the largest, and one row of the rest a link,
 * with what any other can have had at most. Epochs' rows add up (docs/reference/flow-accounting.md).
 */
export class FlowTalkers {
  readonly #limits: typeof limits
  readonly #used: ExporterSketches[] = []
  /** Sketches of earlier epochs, to be used again. */
  readonly #spare: Sketches[] = []
  readonly #amounts = new FlowAmounts()
  /** Records that `take` last counted with a rest: of sources, of destinations and of conversations. */
  unlistedRecords = 0

  constructor(bounds = limits) {
    this.#limits = bounds
  }

  /** Number under which `add` knows an exporter until the next `take`. */
  exporter(exporter: TalkersExporter): number {
    return this.#used.push({ exporter, sketches: this.#spare.pop() ?? newSketches(this.#limits) }) - 1
  }

  /** Adds record i, which arrived at `receivedMs`. */
  add(exporter: number, receivedMs: number, flows: FlowColumns, i: number): void {
    const { sources, destinations, conversations } = this.#used[exporter]!.sketches
    const amounts = this.#amounts
    const { octetsWords, packetsWords } = flows
    amounts.set(
      octetsWords[2 * i + 1]!,
      octetsWords[2 * i]!,
      packetsWords[2 * i + 1]!,
      packetsWords[2 * i]!,
      flows.samplingRate[i]!,
      1,
    )
    const hour = Math.floor(receivedMs / hourMs)
    setLink(sources.key, hour, flows, i)
    setLink(destinations.key, hour, flows, i)
    setLink(conversations.key, hour, flows, i)
    for (let word = 0; word < 4; word++) {
      const source = flows.sourceAddressWords[4 * i + word]!
      const destination = flows.destinationAddressWords[4 * i + word]!
      sources.key[3 + word] = source
      destinations.key[3 + word] = destination
      conversations.key[3 + word] = source
      conversations.key[7 + word] = destination
    }
    sources.add(amounts)
    destinations.add(amounts)
    conversations.add(amounts)
  }

  /** The rows, and nothing after. */
  take(): { talkers: ColumnBlock; conversations: ColumnBlock } {
    this.unlistedRecords = 0
    const talkers: Part[] = []
    const conversations: Part[] = []
    for (const { exporter, sketches } of this.#used) {
      const sources = sketches.sources.take()
      const destinations = sketches.destinations.take()
      const pairs = sketches.conversations.take()
      talkers.push(
        { exporter, rows: sources.listed, mark: sourceSide },
        { exporter, rows: destinations.listed, mark: destinationSide },
        { exporter, rows: sources.rest, mark: sourceSide + restSide },
        { exporter, rows: destinations.rest, mark: destinationSide + restSide },
      )
      conversations.push({ exporter, rows: pairs.listed, mark: 0 }, { exporter, rows: pairs.rest, mark: 1 })
      for (const { rest } of [sources, destinations, pairs]) {
        for (const records of rest.sums.records) this.unlistedRecords += Number(records)
      }
      this.#spare.push(sketches)
    }
    this.#used.length = 0
    return {
      talkers: {
        length: lengthOf(talkers),
        columns: { ...linkColumns(talkers), side: marksOf(talkers), address: addresses(talkers, 3) },
      },
      conversations: {
        length: lengthOf(conversations),
        columns: {
          ...linkColumns(conversations),
          is_rest: marksOf(conversations),
          source_address: addresses(conversations, 3),
          destination_address: addresses(conversations, 7),
        },
      },
    }
  }
}

interface Sketches {
  sources: TrafficSketch
  destinations: TrafficSketch
  conversations: TrafficSketch
}

interface ExporterSketches {
  exporter: TalkersExporter
  sketches: Sketches
}

/** Rows of one exporter that share a side, or a mark of being the rest. */
interface Part {
  exporter: TalkersExporter
  rows: SketchRows
  mark: number
}

function newSketches(bounds: typeof limits): Sketches {
  return {
    sources: new TrafficSketch(hostWords, bounds),
    destinations: new TrafficSketch(hostWords, bounds),
    conversations: new TrafficSketch(conversationWords, bounds),
  }
}

function setLink(key: Uint32Array, hour: number, flows: FlowColumns, i: number): void {
  key[0] = hour
  key[1] = flows.inputInterface[i]!
  key[2] = flows.outputInterface[i]!
}

function lengthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { rows }) => sum + rows.length, 0)
}

function linkColumns(parts: readonly Part[]): ColumnBlock['columns'] {
  const length = lengthOf(parts)
  const word = (of: (rows: SketchRows) => Uint32Array): Uint32Array =>
    joined(
      new Uint32Array(length),
      parts.map(({ rows }) => of(rows)),
    )
  const sum = (of: (rows: SketchRows) => BigUint64Array): BigUint64Array =>
    joined(
      new BigUint64Array(length),
      parts.map(({ rows }) => of(rows)),
    )
  return {
    window_start: word(rows => rows.words(0).map(hour => hour * (hourMs / 1_000))),
    tenant_id: parts.flatMap(({ exporter, rows }) => new Array<string>(rows.length).fill(exporter.tenantId)),
    exporter_id: parts.flatMap(({ exporter, rows }) => new Array<string>(rows.length).fill(exporter.exporterId)),
    input_interface: word(rows => rows.words(1)),
    output_interface: word(rows => rows.words(2)),
    octets: sum(rows => rows.sums.octets),
    packets: sum(rows => rows.sums.packets),
    octets_exported: sum(rows => rows.sums.octets_exported),
    packets_exported: sum(rows => rows.sums.packets_exported),
    records: sum(rows => rows.sums.records),
    unscaled_records: sum(rows => rows.sums.unscaled_records),
    octets_unlisted_max: sum(rows => rows.unlistedMax.octets),
    packets_unlisted_max: sum(rows => rows.unlistedMax.packets),
    records_unlisted_max: sum(rows => rows.unlistedMax.records),
  }
}

function marksOf(parts: readonly Part[]): Uint8Array {
  const marks = new Uint8Array(lengthOf(parts))
  let at = 0
  for (const { rows, mark } of parts) {
    marks.fill(mark, at, at + rows.length)
    at += rows.length
  }
  return marks
}

/** The address whose words begin at `word` of the key; `::` in rows of the rest, whose keys are links alone. */
function addresses(parts: readonly Part[], word: number): Uint8Array {
  const words = new Uint32Array(4 * lengthOf(parts))
  let at = 0
  for (const { rows } of parts) {
    for (let i = 0; i < 4 && word + i < rows.keyWords; i++) {
      const column = rows.words(word + i)
      for (let row = 0; row < column.length; row++) words[at + 4 * row + i] = column[row]!
    }
    at += 4 * rows.length
  }
  return new Uint8Array(words.buffer)
}

interface Numbers<Values> {
  readonly length: number
  set(values: Values, at: number): void
}

/** The parts one behind the other, in `all`, which has room for them. */
function joined<Values extends Numbers<Values>>(all: Values, parts: readonly Values[]): Values {
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
