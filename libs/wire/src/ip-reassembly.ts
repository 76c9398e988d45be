/** An IP packet, whole. */
export interface IpPacket {
  /** 4 or 16 octets. */
  source: Uint8Array
  destination: Uint8Array
  protocol: number
  payload: Uint8Array
}

interface Fragment extends IpPacket {
  key: string
  offset: number
  more: boolean
}

interface Pending {
  parts: Map<number, Uint8Array>
  /** Octets of the whole, once the last fragment has come. */
  total: number
  held: number
  sinceMs: number
}

/** What an attacker can make us hold, and how long a capture's fragments wait for each other. */
const packetsMax = 256
const partsMax = 128
const octetsMax = 65_535
const waitMsMax = 30_000
const extensionsMax = 8

/** Puts IPv4 and IPv6 fragments together; a packet in one piece passes through. */
export class IpReassembly {
  /** Packets that were let go unfinished. */
  dropped = 0
  #pending = new Map<string, Pending>()

  /** @returns the packet, when these octets complete one */
  add(octets: Uint8Array, nowMs: number): IpPacket | undefined {
    const version = (octets[0] ?? 0) >>> 4
    const packet = version === 4 ? readIpv4(octets) : version === 6 ? readIpv6(octets) : undefined
    if (!packet || !isFragment(packet)) return packet && authenticated(packet)
    const whole = this.#collect(packet, nowMs)
    return whole && authenticated(whole)
  }

  #collect(fragment: Fragment, nowMs: number): IpPacket | undefined {
    const { key, offset, more, payload } = fragment
    let pending = this.#pending.get(key)
    if (pending && nowMs - pending.sinceMs > waitMsMax) {
      this.#drop(key)
      pending = undefined
    }
    if (!pending) {
      if (this.#pending.size >= packetsMax) this.#drop(this.#pending.keys().next().value as string)
      pending = { parts: new Map(), total: -1, held: 0, sinceMs: nowMs }
      this.#pending.set(key, pending)
    }
    if (offset + payload.length > octetsMax || pending.parts.size >= partsMax) {
      this.#drop(key)
      return undefined
    }
    if (!pending.parts.has(offset)) {
      // A copy: the octets of a capture that is read piece by piece are not ours to keep.
      pending.parts.set(offset, payload.slice())
      pending.held += payload.length
    }
    if (!more) pending.total = offset + payload.length
    if (pending.total < 0 || pending.held < pending.total) return undefined
    this.#pending.delete(key)
    const whole = join(pending)
    return (
      whole && {
        source: fragment.source,
        destination: fragment.destination,
        protocol: fragment.protocol,
        payload: whole,
      }
    )
  }

  #drop(key: string): void {
    this.#pending.delete(key)
    this.dropped++
  }
}

/** The parts in order; nothing where they leave a gap or overlap (RFC 5722 forbids overlaps). */
function join({ parts, total }: Pending): Uint8Array | undefined {
  const whole = new Uint8Array(total)
  let at = 0
  for (const [offset, part] of [...parts].sort(([a], [b]) => a - b)) {
    if (offset !== at || at + part.length > total) return undefined
    whole.set(part, at)
    at += part.length
  }
  return at === total ? whole : undefined
}

const authentication = 51

/** The packet without an authentication header (RFC 4302): next(1) words(1) … leaves what is inside readable. */
function authenticated(packet: IpPacket): IpPacket {
  const { protocol, payload } = packet
  if (protocol !== authentication || payload.length < 12) return packet
  return { ...packet, protocol: payload[0]!, payload: payload.subarray((payload[1]! + 2) * 4) }
}

function readIpv4(octets: Uint8Array): IpPacket | Fragment | undefined {
  const headerLength = (octets[0]! & 15) * 4
  if (headerLength < 20 || octets.length < headerLength) return undefined
  const totalLength = u16(octets, 2)
  // Offloading cards leave 0 there (tcpdump prints "bad-len 0"): then the capture's length stands.
  const end = totalLength >= headerLength ? Math.min(totalLength, octets.length) : octets.length
  const packet: IpPacket = {
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    protocol: octets[9]!,
    payload: octets.subarray(headerLength, end),
  }
  const fragmentation = u16(octets, 6)
  const offset = (fragmentation & 0x1fff) * 8
  const more = (fragmentation & 0x2000) !== 0
  if (offset === 0 && !more) return packet
  return { ...packet, key: `${u16(octets, 4)}/${packet.protocol}/${octets.subarray(12, 20)}`, offset, more }
}

function readIpv6(octets: Uint8Array): IpPacket | Fragment | undefined {
  if (octets.length < 40) return undefined
  const payloadLength = u16(octets, 4)
  const end = payloadLength > 0 ? Math.min(40 + payloadLength, octets.length) : octets.length
  const source = octets.subarray(8, 24)
  const destination = octets.subarray(24, 40)
  let next = octets[6]!
  let at = 40
  for (let extensions = 0; extensions < extensionsMax && at + 8 <= end; extensions++) {
    if (next === 44) {
      const fragmentation = u16(octets, at + 2)
      const packet = { source, destination, protocol: octets[at]!, payload: octets.subarray(at + 8, end) }
      const offset = fragmentation & 0xfff8
      const more = (fragmentation & 1) !== 0
      if (offset === 0 && !more) return packet
      return { ...packet, key: `${octets.subarray(at + 4, at + 8)}/${octets.subarray(8, 40)}`, offset, more }
    }
    if (next === authentication) {
      next = octets[at]!
      at += (octets[at + 1]! + 2) * 4
      continue
    }
    if (next !== 0 && next !== 43 && next !== 60 && next !== 135 && next !== 139 && next !== 140) break
    next = octets[at]!
    at += (octets[at + 1]! + 1) * 8
  }
  return { source, destination, protocol: next, payload: octets.subarray(Math.min(at, end), end) }
}

function u16(octets: Uint8Array, at: number): number {
  return (octets[at]! << 8) | octets[at + 1]!
}

function isFragment(packet: IpPacket | Fragment): packet is Fragment {
  return 'offset' in packet
}
