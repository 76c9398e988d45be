import { behindCaptureHeader, isCaptureHeader } from './capture-headers.ts'

/**
 * Where the IP packet of a captured frame begins, by link type (tcpdump.org/linktypes.html), through VLAN tags, MPLS
 * labels and PPPoE; -1 where there is none.
 */
export function networkLayerOf(linkType: number, frame: Uint8Array): number {
  const inner = behindCaptureHeader(linkType, frame)
  if (!inner) return linkLayers[linkType]?.(frame) ?? -1
  if (inner.at >= frame.length) return -1
  const at = linkLayers[inner.linkType]?.(frame.subarray(inner.at)) ?? -1
  return at < 0 ? -1 : at + inner.at
}

export function isLinkTypeKnown(linkType: number): boolean {
  return linkLayers[linkType] !== undefined || isCaptureHeader(linkType)
}

const linkLayers: Readonly<Record<number, (frame: Uint8Array) => number>> = {
  // null: address family in the host's byte order; loop: in network order
  0: frame => ipAt(frame, 4),
  108: frame => ipAt(frame, 4),
  // Ethernet
  1: frame => etherTyped(frame, 12),
  // Token ring: access control, frame control, two addresses, then LLC and SNAP; a source route where its bit is set
  6: frame => llc(frame, 14 + ((frame[8] ?? 0) & 0x80 ? (frame[14] ?? 0) & 0x1f : 0)),
  // SLIP with direction and compressed header octets
  8: frame => ipAt(frame, 16),
  // PPP, in HDLC-like framing, with direction (2 kinds)
  9: frame => ppp(frame, 0),
  50: frame => ppp(frame, 0),
  166: frame => ppp(frame, 1),
  204: frame => ppp(frame, 1),
  // FDDI
  10: frame => llc(frame, 13),
  // PPPoE
  51: frame => ppp(frame, 6),
  // raw IP on some systems, raw IP, IPv4, IPv6
  12: frame => ipAt(frame, 0),
  14: frame => ipAt(frame, 0),
  101: frame => ipAt(frame, 0),
  228: frame => ipAt(frame, 0),
  229: frame => ipAt(frame, 0),
  // RFC 1483 over ATM: LLC and SNAP
  100: frame => llc(frame, 0),
  // Cisco HDLC: address, control, EtherType; with direction
  104: frame => byEtherType(frame, 2),
  205: frame => byEtherType(frame, 3),
  // 802.11, and with radiotap's header in front
  105: frame => wireless(frame, 0),
  127: frame => wireless(frame, (frame[2] ?? 0) | ((frame[3] ?? 0) << 8)),
  // Frame relay (RFC 2427): 2 octets of address, then EtherType as Cisco does it, or NLPID
  107: frame => (u16(frame, 2) === 0x03cc ? ipAt(frame, 4) : byEtherType(frame, 2)),
  // OpenBSD enc: family, index, flags
  109: frame => ipAt(frame, 12),
  // Linux cooked v1: the protocol is the last field of 16 octets; v2: the first field of 20
  113: frame => byEtherType(frame, 14),
  276: frame => (frame.length >= 20 ? byType(frame, u16(frame, 0), 20) : -1),
  // OpenBSD pflog: the first octet is the header's length without its padding
  117: frame => ipAt(frame, ((frame[0] ?? 0) + 3) & ~3),
  // IP over fibre channel (RFC 2625)
  122: frame => llc(frame, 16),
  // Apple's IP over IEEE 1394: two addresses of 8 octets, EtherType
  138: frame => byEtherType(frame, 16),
  // IP over InfiniBand: route header(40) EtherType(2) reserved(2)
  242: frame => byType(frame, u16(frame, 40), 44),
  // Frames with the tag of a switch chip, of 4 octets before the type: Broadcom's, Marvell's, Marvell's with a type(4 more)
  281: frame => etherTyped(frame, 16),
  282: frame => etherTyped(frame, 16),
  283: frame => etherTyped(frame, 20),
  // mPackets (802.3br) that hold whole Ethernet frames after 8 octets of preamble
  274: frame => etherTyped(frame, 20),
}

/**
 * A data frame of 802.11: control(2) duration(2) three addresses(18) sequence(2), a fourth address between access points,
 * QoS(2) and, by the order bit, HT control(4); then LLC and SNAP. An encrypted body cannot be read.
 */
function wireless(frame: Uint8Array, at: number): number {
  const control = frame[at] ?? 0
  const flags = frame[at + 1] ?? 0
  const isData = (control & 0x0c) === 0x08 && (control & 0x40) === 0
  if (!isData || (flags & 0x40) !== 0) return -1
  const fourAddresses = (flags & 3) === 3 ? 6 : 0
  const quality = (control & 0x80) !== 0 ? 2 + ((flags & 0x80) !== 0 ? 4 : 0) : 0
  return llc(frame, at + 24 + fourAddresses + quality)
}

/** LLC with SNAP (RFC 1042): aa aa 03, an OUI, and an EtherType. */
function llc(frame: Uint8Array, at: number): number {
  return u16(frame, at) === 0xaaaa ? byEtherType(frame, at + 6) : -1
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
    case 0x88e7:
      // Provider backbone bridging (802.1ah): a tag of 4 octets, then the customer's frame.
      return etherTyped(frame, at + 16)
    case 0x8926:
      // VN-Tag: 4 octets, then an EtherType.
      return byEtherType(frame, at + 4)
    case 0x8909:
      return trustSec(frame, at)
    case 0x8847:
    case 0x8848:
      return mpls(frame, at)
    default:
      // 802.3 with LLC and SNAP.
      return type >= 0 && type < 1_536 ? llc(frame, at) : -1
  }
}

/** Cisco's CMD header: version(1) length(1) option(2) tag(2), then an EtherType. */
function trustSec(frame: Uint8Array, at: number): number {
  return frame[at] === 1 && frame[at + 1] === 1 ? etherTyped(frame, at + 6) : -1
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
