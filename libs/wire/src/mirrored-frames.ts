import { networkLayerOf } from './link-layers.ts'

const ethernet = 1

/**
 * Where the IP packet begins that an IP packet carries: a mirrored datagram (ERSPAN, VXLAN, Geneve, TZSP), or one in a tunnel
 * (GRE, IP in IP); -1 where there is none.
 */
export function carriedPacketAt(protocol: number, payload: Uint8Array): number {
  if (protocol === 4 || protocol === 41) return isIp(payload, 0) ? 0 : -1
  if (protocol === 47) return inGre(payload)
  return protocol === 17 && payload.length > 8 ? inUdp(payload) : -1
}

/** flags(2) type(2), then as the flags say checksum(4) key(4) sequence(4)                                  RFC 2890 §2 */
function inGre(octets: Uint8Array): number {
  if (octets.length < 4 || (octets[1]! & 7) !== 0) return -1
  const flags = octets[0]!
  const at = 4 + (flags & 0x80 ? 4 : 0) + (flags & 0x20 ? 4 : 0) + (flags & 0x10 ? 4 : 0)
  switch (u16(octets, 2)) {
    case 0x0800:
    case 0x86dd:
      return isIp(octets, at) ? at : -1
    case 0x6558:
      return inFrame(octets, at)
    case 0x88be:
      // ERSPAN: without a sequence number type I, which has no header; with one type II, of 8 octets.
      return inFrame(octets, flags & 0x10 ? at + 8 : at)
    case 0x22eb:
      // Type III: 12 octets, and 8 more where the last bit says so.
      return inFrame(octets, at + 12 + ((octets[at + 11] ?? 0) & 1 ? 8 : 0))
    default:
      return -1
  }
}

function inUdp(octets: Uint8Array): number {
  switch (u16(octets, 2)) {
    case 4_789:
    case 8_472:
      // VXLAN (RFC 7348): 8 octets, the first with the bit of a valid network.
      return octets[8]! & 0x08 ? inFrame(octets, 16) : -1
    case 6_081:
      // Geneve (RFC 8926): 8 octets and the options' length in words.
      return u16(octets, 10) === 0x6558 ? inFrame(octets, 16 + (octets[8]! & 0x3f) * 4) : -1
    case 37_008:
      return inTzsp(octets)
    default:
      return -1
  }
}

/** TZSP, as RouterOS streams what it sniffs: version(1)=1 type(1) encapsulation(2)=1 tags, of which 1 is the last. */
function inTzsp(octets: Uint8Array): number {
  if (octets[8] !== 1 || u16(octets, 10) !== 1) return -1
  let at = 12
  while (at + 1 < octets.length && octets[at] !== 1) at += octets[at] === 0 ? 1 : 2 + octets[at + 1]!
  return inFrame(octets, at + 1)
}

function inFrame(octets: Uint8Array, at: number): number {
  if (at >= octets.length) return -1
  const inner = networkLayerOf(ethernet, octets.subarray(at))
  return inner < 0 ? -1 : at + inner
}

function isIp(octets: Uint8Array, at: number): boolean {
  const version = (octets[at] ?? 0) >>> 4
  return version === 4 || version === 6
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
