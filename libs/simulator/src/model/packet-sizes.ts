/**
 * Sizes of a stream's packets (IP length, octets): a short pattern that repeats, so that the octets of the first n
 * packets and the size of the n-th one are known without keeping anything.
 */
export class PacketSizes {
  readonly #pattern: readonly number[]
  readonly #before: Float64Array
  readonly #patternOctets: number

  constructor(pattern: readonly number[]) {
    this.#pattern = pattern
    this.#before = new Float64Array(pattern.length)
    let octets = 0
    for (const [index, size] of pattern.entries()) {
      this.#before[index] = octets
      octets += size
    }
    this.#patternOctets = octets
  }

  /** Octets of the first `packets` packets. */
  octets(packets: number): number {
    const rest = packets % this.#pattern.length
    return ((packets - rest) / this.#pattern.length) * this.#patternOctets + this.#before[rest]!
  }

  /** Size of packet `index`, the first being 0. */
  sizeOf(index: number): number {
    return this.#pattern[index % this.#pattern.length]!
  }

  get averageOctets(): number {
    return this.#patternOctets / this.#pattern.length
  }

  /** The same mix with a larger header, as IPv6 has; nothing grows past an Ethernet payload. */
  plus(octets: number): PacketSizes {
    return new PacketSizes(this.#pattern.map(size => Math.min(1_500, size + octets)))
  }
}

/**
 * Mixes as seen on access links: full segments with a tail, acknowledgements, and what small services send. Nothing is
 * shorter than 46 octets, to which Ethernet would pad it: a frame is always its packet plus header and check sequence.
 */
export const packetSizes = {
  bulk: new PacketSizes([
    1500, 1500, 1500, 1500, 1500, 1420, 1500, 1500, 1500, 1500, 580, 1500, 1500, 1500, 1500, 1320,
  ]),
  web: new PacketSizes([1500, 1500, 52, 1500, 1280, 1500, 640, 1500, 220, 1500, 1500, 420, 52, 1500, 980, 120]),
  acknowledgements: new PacketSizes([52, 52, 52, 64, 52, 52, 76, 52, 52, 52, 52, 517, 52, 64, 52, 52]),
  quicAcknowledgements: new PacketSizes([61, 61, 64, 61, 80, 61, 61, 1228, 61, 64, 61, 61, 61, 80, 61, 61]),
  question: new PacketSizes([62, 71, 58, 74, 66, 60, 83, 69]),
  answer: new PacketSizes([142, 98, 231, 178, 414, 120, 94, 305]),
  voice: new PacketSizes([200]),
  interactive: new PacketSizes([52, 100, 76, 52, 148, 52, 340, 88]),
  transactions: new PacketSizes([180, 412, 96, 1500, 260, 52, 733, 120]),
  tunnel: new PacketSizes([1422, 1422, 134, 1422, 622, 1422, 102, 318]),
  clock: new PacketSizes([76]),
} as const
