import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import {
  applicationName,
  countryLetters,
  FlowEnrichment,
  type Network,
  WindowShares,
  windowMs,
} from '../../../../libs/stream/src/index.ts'
import type { FlowColumns } from '../../../../libs/wire/src/index.ts'

/** A record that spans more windows lies whole in its newest ones; the decoder clamps absurd durations. */
const windowsPerRecordMax = 1_440

const word = 4_294_967_296
const keyWords = 11
const sumWords = 10

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

/**
 * Partial rows of `flow_1m` for one epoch: an open-addressing hash table over typed arrays, so that a record costs no
 * allocation. 64-bit sums are kept as two doubles (units of 2^32 and of 1), each exact below 2^53.
 */
export class FlowRollup {
  #capacity = 1_024
  #count = 0
  #keys = new Uint32Array(this.#capacity * keyWords)
  #sums = new Float64Array(this.#capacity * sumWords)
  #index = new Int32Array(this.#capacity * 2).fill(-1)
  readonly #key = new Uint32Array(keyWords)
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
    return this.#count
  }

  /** Number under which `add` knows an exporter until the next `take`. */
  exporter(exporter: RollupExporter): number {
    return this.#exporters.push(exporter) - 1
  }

  /** Adds record i, split over the windows it spans in proportion to time; the parts sum to the whole. */
  add(exporter: number, flows: FlowColumns, i: number): void {
    const shares = this.#shares
    const rate = flows.samplingRate[i]!
    const windows = shares.cut(flows.startMs[i]!, flows.endMs[i]!)
    this.#setKey(exporter, flows, i)
    for (let window = 0; window < windows; window++) {
      this.#key[0] = shares.windowStartMs(window) / windowMs
      const row = this.#slot()
      const at = row * sumWords
      shares.portionWords(flows.octetsWords[2 * i]!, flows.octetsWords[2 * i + 1]!, window)
      this.#addScaled(at, shares.high, shares.low, rate || 1)
      this.#addScaled(at + 4, shares.high, shares.low, 1)
      shares.portionWords(flows.packetsWords[2 * i]!, flows.packetsWords[2 * i + 1]!, window)
      this.#addScaled(at + 2, shares.high, shares.low, rate || 1)
      this.#addScaled(at + 6, shares.high, shares.low, 1)
      if (window > 0) continue
      this.#sums[at + 8]! += 1
      if (rate === 0) this.#sums[at + 9]! += 1
      if (this.#keys[row * keyWords + 8] === otherNetworks) this.foldedRecords++
    }
  }

  /** The rows as a block sorted by the table's order, and an empty rollup after. */
  take(): ColumnBlock {
    const order = Array.from({ length: this.#count }, (_, row) => row).sort((a, b) => this.#compare(a, b))
    const length = this.#count
    const key = (part: number): Uint32Array => Uint32Array.from(order, row => this.#keys[row * keyWords + part]!)
    const sum = (part: number): BigUint64Array =>
      BigUint64Array.from(order, row => {
        const at = row * sumWords + part
        return (BigInt(this.#sums[at]!) << 32n) + BigInt(this.#sums[at + 1]!)
      })
    const exporters = order.map(row => this.#exporters[this.#keys[row * keyWords + 1]!]!)
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
        octets: sum(0),
        packets: sum(2),
        octets_exported: sum(4),
        packets_exported: sum(6),
        records: BigUint64Array.from(order, row => BigInt(this.#sums[row * sumWords + 8]!)),
        unscaled_records: BigUint64Array.from(order, row => BigInt(this.#sums[row * sumWords + 9]!)),
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
    const key = this.#key
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
    const key = this.#key
    if (!withInterfaces) {
      key[2] = 0
      key[3] = 0
    }
    key.fill(0, 4)
    key[8] = otherNetworks
  }

  #addScaled(at: number, high: number, low: number, rate: number): void {
    const sums = this.#sums
    // A rate has at most 32 bits, so the low product may pass 2^53: multiply it in two halves of 16 bits.
    const lowProduct = (low & 0xffff) * rate
    const midProduct = (low >>> 16) * rate
    const carry = Math.floor(midProduct / 65_536)
    const rest = lowProduct + (midProduct % 65_536) * 65_536
    sums[at]! += high * rate + carry + Math.floor(rest / word)
    sums[at + 1]! += rest % word
  }

  /** Row of the current key, made when new, or of the others it is counted with. */
  #slot(): number {
    const found = this.#find()
    if (found >= 0) return found
    const { fullRowsMax, interfaceRowsMax } = this.#limits
    if (this.#count < fullRowsMax || this.#key[8] === otherNetworks) return this.#insert(~found)
    // The key is written anew for the record's next window, which finds the same.
    this.#fold(this.#count < interfaceRowsMax)
    const folded = this.#find()
    return folded >= 0 ? folded : this.#insert(~folded)
  }

  /** Row of the current key, or the complement of the place in the index where it belongs. */
  #find(): number {
    const keys = this.#keys
    const key = this.#key
    const mask = this.#index.length - 1
    for (let probe = hashOf(key, 0) & mask; ; probe = (probe + 1) & mask) {
      const row = this.#index[probe]!
      if (row < 0) return ~probe
      const at = row * keyWords
      let same = true
      for (let part = 0; part < keyWords; part++) {
        if (keys[at + part] !== key[part]) {
          same = false
          break
        }
      }
      if (same) return row
    }
  }

  #insert(probe: number): number {
    if (this.#count === this.#capacity) {
      this.#grow()
      return this.#insert(~this.#find())
    }
    const row = this.#count++
    this.#index[probe] = row
    this.#keys.set(this.#key, row * keyWords)
    return row
  }

  #grow(): void {
    this.#capacity *= 2
    const keys = new Uint32Array(this.#capacity * keyWords)
    keys.set(this.#keys)
    this.#keys = keys
    const sums = new Float64Array(this.#capacity * sumWords)
    sums.set(this.#sums)
    this.#sums = sums
    this.#index = new Int32Array(this.#capacity * 2).fill(-1)
    const mask = this.#index.length - 1
    for (let row = 0; row < this.#count; row++) {
      let probe = hashOf(keys, row * keyWords) & mask
      while (this.#index[probe]! >= 0) probe = (probe + 1) & mask
      this.#index[probe] = row
    }
  }

  #compare(a: number, b: number): number {
    const first = this.#exporters[this.#keys[a * keyWords + 1]!]!
    const second = this.#exporters[this.#keys[b * keyWords + 1]!]!
    if (first.tenantId !== second.tenantId) return first.tenantId < second.tenantId ? -1 : 1
    if (first.exporterId !== second.exporterId) return first.exporterId < second.exporterId ? -1 : 1
    for (const part of sortedParts) {
      const difference = this.#keys[a * keyWords + part]! - this.#keys[b * keyWords + part]!
      if (difference !== 0) return difference
    }
    return 0
  }

  #clear(): void {
    this.#count = 0
    this.#sums.fill(0)
    this.#index.fill(-1)
    this.#exporters.length = 0
    this.#shares.clamped = 0
    this.foldedRecords = 0
  }
}

const sortedParts = [0, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const

function hashOf(keys: Uint32Array, at: number): number {
  let hash = 0x811c9dc5
  for (let part = 0; part < keyWords; part++) hash = Math.imul(hash ^ keys[at + part]!, 0x01000193) ^ (hash >>> 15)
  return hash
}

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
