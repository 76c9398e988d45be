import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import {
  applicationName,
  countryLetters,
  FlowAmounts,
  FlowEnrichment,
  type Network,
  TrafficSums,
  WindowShares,
  WordTable,
  windowMs,
} from '../../../../libs/stream/src/index.ts'
import type { FlowColumns } from '../../../../libs/wire/src/index.ts'

/** A record that spans more windows lies whole in its newest ones; the decoder clamps absurd durations. */
const windowsPerRecordMax = 1_440

const keyWords = 11

/** Rows of one epoch that tell all dimensions apart; beyond it a new one is counted with its interfaces' others. */
const fullRowsMax = 65_536
/** Rows beyond which it is counted with its exporter's others of the minute. */
const interfaceRowsMax = fullRowsMax + 16_384
/** Network and application of such rows; no configured name begins so. */
export const otherName = '(other)'
const otherIndex = 0xffff
const otherNetworks = 0xffff_ffff

/** What the rows say of an exporter beside its id. */
export interface RollupExporter {
  tenantId: string
  exporterId: string
  siteId?: string | undefined
  role?: string | undefined
  enrichment?: FlowEnrichment | undefined
  /** Of an application id (IE 95), as the exporter's options data names it. */
  applicationNamed?: ((id: number) => string | undefined) | undefined
}

const nothingKnown = new FlowEnrichment('', [])

/** Partial rows of `flow_1m` for one epoch; a record costs no allocation. */
export class FlowRollup {
  readonly #table = new WordTable(keyWords, 1_024)
  readonly #sums = new TrafficSums(1_024)
  readonly #amounts = new FlowAmounts()
  readonly #exporters: RollupExporter[] = []
  readonly #limits: { fullRowsMax: number; interfaceRowsMax: number }
  /** Records of this epoch counted with others because of the bounds above. */
  foldedRecords = 0

  constructor(limits = { fullRowsMax, interfaceRowsMax }) {
    this.#limits = limits
  }

  readonly #shares = new WindowShares(windowMs, windowsPerRecordMax)

  /** Records so far whose duration passed the bound above. */
  get clampedRecords(): number {
    return this.#shares.clamped
  }

  get rows(): number {
    return this.#table.count
  }

  /** Number under which `add` knows an exporter until the next `take`. */
  exporter(exporter: RollupExporter): number {
    return this.#exporters.push(exporter) - 1
  }

  /** Adds record i, split over the windows it spans in proportion to time; the parts sum to the whole. */
  add(exporter: number, flows: FlowColumns, i: number): void {
    const shares = this.#shares
    const amounts = this.#amounts
    const windows = shares.cut(flows.startMs[i]!, flows.endMs[i]!)
    this.#setKey(exporter, flows, i)
    const rate = flows.samplingRate[i]!
    for (let window = 0; window < windows; window++) {
      this.#table.key[0] = shares.windowStartMs(window) / windowMs
      shares.portionWords(flows.octetsWords[2 * i]!, flows.octetsWords[2 * i + 1]!, window)
      const octetsHigh = shares.high
      const octetsLow = shares.low
      shares.portionWords(flows.packetsWords[2 * i]!, flows.packetsWords[2 * i + 1]!, window)
      amounts.set(octetsHigh, octetsLow, shares.high, shares.low, rate, window === 0 ? 1 : 0)
      const row = this.#slot()
      this.#sums.add(row, amounts)
      if (window === 0 && this.#table.keys[row * keyWords + 8] === otherNetworks) this.foldedRecords++
    }
  }

  /** The rows as a block sorted by the table's order, and an empty rollup after. */
  take(): ColumnBlock {
    const { keys, count: length } = this.#table
    const order = Array.from({ length }, (_, row) => row).sort((a, b) => this.#compare(a, b))
    const key = (part: number): Uint32Array => Uint32Array.from(order, row => keys[row * keyWords + part]!)
    const exporters = order.map(row => this.#exporters[keys[row * keyWords + 1]!]!)
    const service = key(4)
    const traits = key(7)
    const networks = key(8)
    const countries = key(9)
    const applicationIds = key(10)
    const network = (row: number, index: number): Network | undefined =>
      (exporters[row]!.enrichment ?? nothingKnown).networks[index - 1]
    const networkName = (row: number, index: number): string => {
      if (index === otherIndex) return otherName
      const found = network(row, index)
      return found?.name ?? found?.prefix ?? ''
    }
    const rows = Array.from({ length }, (_, row) => row)
    const application = (row: number): string => {
      if (networks[row] === otherNetworks) return otherName
      const id = applicationIds[row]!
      const told = id === 0 ? undefined : exporters[row]!.applicationNamed?.(id)
      return told ?? applicationName(id, service[row]! >>> 16, service[row]! & 0xffff)
    }
    const block: ColumnBlock = {
      length,
      columns: {
        window_start: Uint32Array.from(key(0), minute => minute * 60),
        tenant_id: exporters.map(one => one.tenantId),
        exporter_id: exporters.map(one => one.exporterId),
        input_interface: key(2),
        output_interface: key(3),
        protocol: Uint8Array.from(service, both => both >>> 16),
        service_port: Uint16Array.from(service, both => both & 0xffff),
        source_as: key(5),
        destination_as: key(6),
        ...this.#sums.columns(order),
        source_network: rows.map(row => networkName(row, networks[row]! >>> 16)),
        destination_network: rows.map(row => networkName(row, networks[row]! & 0xffff)),
        source_site: rows.map(row => network(row, networks[row]! >>> 16)?.site ?? ''),
        destination_site: rows.map(row => network(row, networks[row]! & 0xffff)?.site ?? ''),
        source_country: rows.map(row => countryLetters(countries[row]! >>> 16)),
        destination_country: rows.map(row => countryLetters(countries[row]! & 0xffff)),
        application: rows.map(application),
        dscp: Uint8Array.from(traits, both => both & 0x3f),
        direction: Uint8Array.from(traits, both => both >>> 8),
        exporter_site: exporters.map(one => one.siteId ?? ''),
        exporter_role: exporters.map(one => one.role ?? ''),
      },
    }
    this.#clear()
    return block
  }

  #setKey(exporter: number, flows: FlowColumns, i: number): void {
    const { key } = this.#table
    key[1] = exporter
    key[2] = flows.inputInterface[i]!
    key[3] = flows.outputInterface[i]!
    key[4] =
      (flows.protocol[i]! << 16) | servicePort(flows.protocol[i]!, flows.sourcePort[i]!, flows.destinationPort[i]!)
    key[5] = flows.sourceAs[i]!
    key[6] = flows.destinationAs[i]!
    key[7] = (flows.tos[i]! >>> 2) | (flows.direction[i]! < 2 ? (flows.direction[i]! + 1) << 8 : 0)
    key[8] = 0
    key[9] = 0
    key[10] = flows.applicationId[i]!
    const enrichment = this.#exporters[exporter]!.enrichment
    if (!enrichment || enrichment.isEmpty) return
    enrichment.look(flows.sourceAddressWords, 4 * i)
    key[5] ||= enrichment.asn
    key[8] = enrichment.network << 16
    key[9] = enrichment.country << 16
    enrichment.look(flows.destinationAddressWords, 4 * i)
    key[6] ||= enrichment.asn
    key[8] |= enrichment.network
    key[9] |= enrichment.country
  }

  /** Makes the current key that of its interfaces' others, or of its exporter's. */
  #fold(withInterfaces: boolean): void {
    const { key } = this.#table
    if (!withInterfaces) {
      key[2] = 0
      key[3] = 0
    }
    key.fill(0, 4)
    key[8] = otherNetworks
  }

  /** Row of the current key, made when new, or of the others it is counted with. */
  #slot(): number {
    const table = this.#table
    const found = table.find()
    if (found >= 0) return found
    const { fullRowsMax, interfaceRowsMax } = this.#limits
    if (table.count < fullRowsMax || table.key[8] === otherNetworks) return this.#insert()
    // The key is written anew for the record's next window, which finds the same.
    this.#fold(table.count < interfaceRowsMax)
    const folded = table.find()
    return folded >= 0 ? folded : this.#insert()
  }

  #insert(): number {
    const row = this.#table.insert()
    this.#sums.reserve(this.#table.capacity)
    return row
  }

  #compare(a: number, b: number): number {
    const { keys } = this.#table
    const first = this.#exporters[keys[a * keyWords + 1]!]!
    const second = this.#exporters[keys[b * keyWords + 1]!]!
    if (first.tenantId !== second.tenantId) return first.tenantId < second.tenantId ? -1 : 1
    if (first.exporterId !== second.exporterId) return first.exporterId < second.exporterId ? -1 : 1
    for (const part of sortedParts) {
      const difference = keys[a * keyWords + part]! - keys[b * keyWords + part]!
      if (difference !== 0) return difference
    }
    return 0
  }

  #clear(): void {
    this.#sums.zero(this.#table.count)
    this.#table.clear()
    this.#exporters.length = 0
    this.#shares.clamped = 0
    this.foldedRecords = 0
  }
}

const sortedParts = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const

/** The lower of the two ports of TCP, UDP, DCCP, SCTP and UDP-Lite: the service's more often than not; 0 for others. */
export function servicePort(protocol: number, sourcePort: number, destinationPort: number): number {
  switch (protocol) {
    case 6:
    case 17:
    case 33:
    case 132:
    case 136:
      return Math.min(sourcePort, destinationPort)
    default:
      return 0
  }
}
