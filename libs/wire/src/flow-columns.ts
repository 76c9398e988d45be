/**
 * Decoded flow records by column: entry i of each array belongs to record i. Decoders append; the owner resets and
 * reuses one instance, so that nothing is allocated per record. 64-bit counters are written as two 32-bit halves
 * through the `…Words` views (little-endian, low word at 2i), so that no BigInt is made per record.
 */
export class FlowColumns {
  length = 0
  capacity: number

  /** Flow start and end, milliseconds since the Unix epoch, clock-corrected (design §5). */
  startMs!: Float64Array
  endMs!: Float64Array
  /** As exported, not scaled by sampling. */
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
  destinationAddress!: Uint8Array
  nextHop!: Uint8Array
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

  constructor(capacity = 4_096) {
    this.capacity = capacity
    this.#allocate(capacity)
  }

  reset(): void {
    this.length = 0
  }

  /** Makes room for `records` more; doubles, keeping what is there. */
  reserve(records: number): void {
    const needed = this.length + records
    if (needed <= this.capacity) return
    let capacity = this.capacity
    while (capacity < needed) capacity *= 2
    const before = { ...this }
    this.#allocate(capacity)
    this.capacity = capacity
    for (const [name, column] of Object.entries(before)) {
      if (!ArrayBuffer.isView(column) || name.endsWith('Words')) continue
      const target = (this as unknown as Record<string, { set(values: unknown): void }>)[name]
      target?.set(column)
    }
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
    this.destinationAddress = new Uint8Array(16 * n)
    this.nextHop = new Uint8Array(16 * n)
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
    this.direction = new Uint8Array(n)
  }
}
