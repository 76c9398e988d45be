/**
 * Where the IP packet of a captured frame begins, by link type (tcpdump.org/linktypes.html), through VLAN tags, MPLS
 * labels and PPPoE; -1 where there is none.
 */
export function networkLayerOf(linkType: number, frame: Uint8Array): number {
  switch (linkType) {
    case 0: // null: address family in the host's byte order
    case 108: // loop: in network order
      return ipAt(frame, 4)
    case 1: // Ethernet
      return etherTyped(frame, 12)
    case 9: // PPP
    case 50: // PPP in HDLC-like framing
    case 166: // PPP with direction
      return ppp(frame, linkType === 166 ? 1 : 0)
    case 51: // PPPoE
      return ppp(frame, 6)
    case 104: // Cisco HDLC: address, control, EtherType
      return byEtherType(frame, 2)
    case 12: // raw IP on some systems
    case 14:
    case 101: // raw IP
    case 228: // IPv4
    case 229: // IPv6
      return ipAt(frame, 0)
    case 113: // Linux cooked v1: the protocol is the last field of 16 octets
      return byEtherType(frame, 14)
    case 276: // Linux cooked v2: the protocol is the first field of 20 octets
      return frame.length >= 20 ? byType(frame, u16(frame, 0), 20) : -1
    default:
      return -1
  }
}

const tagsMax = 8

function u16(octets: Uint8Array, at: number): number {
  return at + 2 <= octets.length ? (octets[at]! << 8) | octets[at + 1]! : -1
}

/** The version nibble has to say IPv4 or IPv6. */
function ipAt(frame: Uint8Array, at: number): number {
  const version = at < frame.length ? frame[at]! >>> 4 : 0
  return version === 4 || version === 6 ? at : -1
}

function etherTyped(frame: Uint8Array, typeAt: number): number {
  let at = typeAt
  for (let tags = 0; tags < tagsMax; tags++) {
    const type = u16(frame, at)
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100 && type !== 0x9200) return byEtherType(frame, at)
    at += 4
  }
  return -1
}

function byEtherType(frame: Uint8Array, typeAt: number): number {
  return byType(frame, u16(frame, typeAt), typeAt + 2)
}

function byType(frame: Uint8Array, type: number, at: number): number {
  switch (type) {
    case 0x0800:
    case 0x86dd:
      return ipAt(frame, at)
    case 0x8100:
    case 0x88a8:
      return etherTyped(frame, at + 2)
    case 0x8864:
      return ppp(frame, at + 6)
    case 0x8847:
    case 0x8848:
      return mpls(frame, at)
    default:
      // 802.3 with LLC and SNAP.
      return type >= 0 && type < 1_536 && u16(frame, at) === 0xaaaa ? byEtherType(frame, at + 6) : -1
  }
}

function ppp(frame: Uint8Array, start: number): number {
  // Address and control octets, and a protocol of one octet, may each be left out (RFC 1661 §6).
  const at = u16(frame, start) === 0xff03 ? start + 2 : start
  const first = frame[at] ?? 0
  const [protocol, next] = first & 1 ? [first, at + 1] : [u16(frame, at), at + 2]
  if (protocol === 0x21 || protocol === 0x57) return ipAt(frame, next)
  return protocol === 0x281 ? mpls(frame, next) : -1
}

function mpls(frame: Uint8Array, start: number): number {
  for (let at = start; at + 4 <= frame.length && at < start + 4 * 16; at += 4) {
    if (frame[at + 2]! & 1) return ipAt(frame, at + 4)
  }
  return -1
}
