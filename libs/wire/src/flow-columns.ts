/**
 * Decoded flow records by column: entry i of each array belongs to record i. Decoders append; the owner resets and
 * reuses one instance, so that nothing is allocated per record. 64-bit counters are written as two 32-bit halves
 * through the `…Words` views (little-endian, low word at 2i), so that no BigInt is made per record.
 *
 * Entries at and beyond `length` hold each column's default. A decoder therefore writes only what its template has,
 * and `reset` clears only the columns that were written: filling forty columns per datagram cost more than decoding it.
 */
export class FlowColumns {
  length = 0
  capacity: number

  /** Flow start and end, milliseconds since the Unix epoch, clock-corrected (design §5). */
  startMs!: Float64Array
  endMs!: Float64Array
  /** As exported, not scaled by sampling. sFlow: the frame's length. */
  octets!: BigUint64Array
  octetsWords!: Uint32Array
  packets!: BigUint64Array
  packetsWords!: Uint32Array
  /** 0: unknown (the record is not scaled and is marked so), 1: unsampled, n: one in n. */
  samplingRate!: Uint32Array
  /** 9 NetFlow v9, 10 IPFIX, 5 NetFlow v5, 1 and 7 likewise, 105 sFlow v5. */
  version!: Uint8Array
  /** Source id (v9), observation domain id (IPFIX), engine type and id (v5), sub-agent id (sFlow). */
  observationDomain!: Uint32Array
  /** 16 bytes a record; IPv4 as ::ffff:a.b.c.d; :: where the record has none. */
  sourceAddress!: Uint8Array
  sourceAddressWords!: Uint32Array
  destinationAddress!: Uint8Array
  destinationAddressWords!: Uint32Array
  nextHop!: Uint8Array
  nextHopWords!: Uint32Array
  sourcePort!: Uint16Array
  destinationPort!: Uint16Array
  protocol!: Uint8Array
  tcpFlags!: Uint16Array
  tos!: Uint8Array
  inputInterface!: Uint32Array
  outputInterface!: Uint32Array
  sourceAs!: Uint32Array
  destinationAs!: Uint32Array
  sourceMask!: Uint8Array
  destinationMask!: Uint8Array
  vlan!: Uint16Array
  /** flowDirection (IE 61): 0 ingress, 1 egress, 255 not given. */
  direction!: Uint8Array

  /** VLAN after the device (IE 59, 254; sFlow's destination VLAN), and the inner tag of a double-tagged frame (IE 245). */
  postVlan!: Uint16Array
  customerVlan!: Uint16Array
  /** 6 bytes a record; all zero where the record has none. */
  sourceMac!: Uint8Array
  sourceMacWords!: Uint16Array
  destinationMac!: Uint8Array
  destinationMacWords!: Uint16Array
  /** The 20-bit labels from the top of the stack down (IE 70, 71, 72); 0 where there is none. */
  mplsTopLabel!: Uint32Array
  mplsLabel2!: Uint32Array
  mplsLabel3!: Uint32Array
  /** 0 is the global table of many makers; `vrfNotGiven` where the record has none. */
  ingressVrf!: Uint32Array
  egressVrf!: Uint32Array
  /**
   * type * 256 + code; from the destination port where ICMP records carry it there, as NetFlow v5 does. 0 is an echo reply,
   * so what is not given is 255 in either half: no ICMP type or code (RFC 4727 §5).
   */
  icmpTypeCode!: Uint16Array
  /** Addresses and ports after translation (IE 225-228, 281, 282). */
  postNatSourceAddress!: Uint8Array
  postNatSourceAddressWords!: Uint32Array
  postNatDestinationAddress!: Uint8Array
  postNatDestinationAddressWords!: Uint32Array
  postNatSourcePort!: Uint16Array
  postNatDestinationPort!: Uint16Array
  /** IE 230 and IE 233: both count from 1, 3 of one is exhausted addresses, of the other a denied flow. */
  natEvent!: Uint8Array
  firewallEvent!: Uint8Array
  /** applicationId (IE 95): classification engine in the high octet, the selector's low 24 bits below (RFC 6759). */
  applicationId!: Uint32Array
  flowEndReason!: Uint8Array
  /** RFC 7270: status in the two high bits (1 forwarded, 2 dropped, 3 consumed), reason below. */
  forwardingStatus!: Uint8Array
  bgpNextHop!: Uint8Array
  bgpNextHopWords!: Uint32Array
  /** The neighbour networks the traffic came from (IE 129, sFlow's source peer) and goes to (IE 128, the path's first). */
  previousAs!: Uint32Array
  nextAs!: Uint32Array
  /** Where the record's AS path stands in `lists`; 0 where it has none. */
  asPath!: Uint32Array

  /** Numbers of all records' lists, one after the other: how many, then these. Entry 0 is of no list. */
  lists = new Uint32Array(1_024)
  #listsEnd = 1

  /** What decoders write through, by `column` index: the `…Words` view where there is one. */
  readonly views: ColumnView[] = []
  #appended = 0
  #usedLow = 0
  #usedHigh = 0

  constructor(capacity = 4_096) {
    this.capacity = capacity
    this.#allocate(capacity)
  }

  reset(): void {
    // Rows that somebody wrote past `append` are in columns nobody named: then all are cleared.
    const all = this.length !== this.#appended
    for (let index = 0; index < this.views.length; index++) {
      const used = index < 32 ? this.#usedLow & (1 << index) : this.#usedHigh & (1 << (index - 32))
      if (used === 0 && !all) continue
      const width = columnLayout[index]!
      this.views[index]!.fill(notGiven[index] ?? 0, 0, this.length * width)
    }
    this.length = 0
    this.#listsEnd = 1
    this.#appended = 0
    this.#usedLow = 0
    this.#usedHigh = 0
  }

  /** Counts in `records` rows just written in the columns named by the two masks (bits are `column` indexes). */
  append(records: number, usedLow: number, usedHigh: number): void {
    this.length += records
    this.#appended += records
    this.#usedLow |= usedLow
    this.#usedHigh |= usedHigh
  }

  /** Whether a decoder may have written the column since `reset`; the others hold their default throughout. */
  has(index: ColumnIndex): boolean {
    const used = index < 32 ? this.#usedLow & (1 << index) : this.#usedHigh & (1 << (index - 32))
    return used !== 0
  }

  /** Begins a list, which `pushToList` fills; the row's entry is what this returns. */
  openList(): number {
    this.#reserveLists()
    this.lists[this.#listsEnd] = 0
    return this.#listsEnd++
  }

  /** Adds to the list opened last. */
  pushToList(list: number, value: number): void {
    this.#reserveLists()
    this.lists[this.#listsEnd++] = value
    this.lists[list]!++
  }

  #reserveLists(): void {
    if (this.#listsEnd < this.lists.length) return
    const lists = new Uint32Array(2 * this.lists.length)
    lists.set(this.lists)
    this.lists = lists
  }

  /** Makes room for `records` more; doubles, keeping what is there. */
  reserve(records: number): void {
    const needed = this.length + records
    if (needed <= this.capacity) return
    let capacity = this.capacity
    while (capacity < needed) capacity *= 2
    const before = [...this.views]
    this.#allocate(capacity)
    this.capacity = capacity
    for (const [index, view] of before.entries()) (this.views[index] as Uint8Array).set(view as Uint8Array)
  }

  #allocate(n: number): void {
    this.startMs = new Float64Array(n)
    this.endMs = new Float64Array(n)
    this.octets = new BigUint64Array(n)
    this.octetsWords = new Uint32Array(this.octets.buffer)
    this.packets = new BigUint64Array(n)
    this.packetsWords = new Uint32Array(this.packets.buffer)
    this.samplingRate = new Uint32Array(n)
    this.version = new Uint8Array(n)
    this.observationDomain = new Uint32Array(n)
    this.sourceAddress = new Uint8Array(16 * n)
    this.sourceAddressWords = new Uint32Array(this.sourceAddress.buffer)
    this.destinationAddress = new Uint8Array(16 * n)
    this.destinationAddressWords = new Uint32Array(this.destinationAddress.buffer)
    this.nextHop = new Uint8Array(16 * n)
    this.nextHopWords = new Uint32Array(this.nextHop.buffer)
    this.sourcePort = new Uint16Array(n)
    this.destinationPort = new Uint16Array(n)
    this.protocol = new Uint8Array(n)
    this.tcpFlags = new Uint16Array(n)
    this.tos = new Uint8Array(n)
    this.inputInterface = new Uint32Array(n)
    this.outputInterface = new Uint32Array(n)
    this.sourceAs = new Uint32Array(n)
    this.destinationAs = new Uint32Array(n)
    this.sourceMask = new Uint8Array(n)
    this.destinationMask = new Uint8Array(n)
    this.vlan = new Uint16Array(n)
    this.direction = new Uint8Array(n).fill(255)
    this.postVlan = new Uint16Array(n)
    this.customerVlan = new Uint16Array(n)
    this.sourceMac = new Uint8Array(6 * n)
    this.sourceMacWords = new Uint16Array(this.sourceMac.buffer)
    this.destinationMac = new Uint8Array(6 * n)
    this.destinationMacWords = new Uint16Array(this.destinationMac.buffer)
    this.mplsTopLabel = new Uint32Array(n)
    this.mplsLabel2 = new Uint32Array(n)
    this.mplsLabel3 = new Uint32Array(n)
    this.ingressVrf = new Uint32Array(n).fill(vrfNotGiven)
    this.egressVrf = new Uint32Array(n).fill(vrfNotGiven)
    this.icmpTypeCode = new Uint16Array(n).fill(icmpNotGiven)
    this.postNatSourceAddress = new Uint8Array(16 * n)
    this.postNatSourceAddressWords = new Uint32Array(this.postNatSourceAddress.buffer)
    this.postNatDestinationAddress = new Uint8Array(16 * n)
    this.postNatDestinationAddressWords = new Uint32Array(this.postNatDestinationAddress.buffer)
    this.postNatSourcePort = new Uint16Array(n)
    this.postNatDestinationPort = new Uint16Array(n)
    this.natEvent = new Uint8Array(n)
    this.firewallEvent = new Uint8Array(n)
    this.applicationId = new Uint32Array(n)
    this.flowEndReason = new Uint8Array(n)
    this.forwardingStatus = new Uint8Array(n)
    this.bgpNextHop = new Uint8Array(16 * n)
    this.bgpNextHopWords = new Uint32Array(this.bgpNextHop.buffer)
    this.previousAs = new Uint32Array(n)
    this.nextAs = new Uint32Array(n)
    this.asPath = new Uint32Array(n)
    for (const [name, index] of Object.entries(column)) {
      const words = `${name}Words` as keyof this
      this.views[index] = (this[words] ?? this[name as keyof this]) as ColumnView
    }
  }
}

export type ColumnView = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** Index of each column in `FlowColumns.views` and in the masks of `append`. */
export const column = {
  startMs: 0,
  endMs: 1,
  octets: 2,
  packets: 3,
  samplingRate: 4,
  version: 5,
  observationDomain: 6,
  sourceAddress: 7,
  destinationAddress: 8,
  nextHop: 9,
  sourcePort: 10,
  destinationPort: 11,
  protocol: 12,
  tcpFlags: 13,
  tos: 14,
  inputInterface: 15,
  outputInterface: 16,
  sourceAs: 17,
  destinationAs: 18,
  sourceMask: 19,
  destinationMask: 20,
  vlan: 21,
  direction: 22,
  postVlan: 23,
  customerVlan: 24,
  sourceMac: 25,
  destinationMac: 26,
  mplsTopLabel: 27,
  ingressVrf: 28,
  egressVrf: 29,
  icmpTypeCode: 30,
  postNatSourceAddress: 31,
  postNatDestinationAddress: 32,
  postNatSourcePort: 33,
  postNatDestinationPort: 34,
  natEvent: 35,
  applicationId: 36,
  flowEndReason: 37,
  forwardingStatus: 38,
  bgpNextHop: 39,
  mplsLabel2: 40,
  mplsLabel3: 41,
  firewallEvent: 42,
  previousAs: 43,
  nextAs: 44,
  asPath: 45,
} as const

export type ColumnIndex = (typeof column)[keyof typeof column]

export const vrfNotGiven = 0xffff_ffff
export const icmpNotGiven = 0xffff

/** Defaults of the columns in which 0 says something. */
export const notGiven: Readonly<Partial<Record<number, number>>> = {
  [column.direction]: 255,
  [column.ingressVrf]: vrfNotGiven,
  [column.egressVrf]: vrfNotGiven,
  [column.icmpTypeCode]: icmpNotGiven,
}

/** Entries of the written view per record, by column index. */
const columnLayout: readonly number[] = Object.keys(column).map(name => {
  if (name === 'octets' || name === 'packets') return 2
  if (/Address$|Hop$/.test(name)) return 4
  return name.endsWith('Mac') ? 3 : 1
})
