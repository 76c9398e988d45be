/** The link type of a frame behind what a capture tool put before it, and where the frame begins. */
export interface InnerFrame {
  linkType: number
  at: number
}

/**
 * Link types that are a tool's or a card's own header before a frame of another link type (tcpdump.org/linktypes.html);
 * undefined for others, and for headers that are cut or hold no frame.
 */
export function behindCaptureHeader(linkType: number, frame: Uint8Array): InnerFrame | undefined {
  return headers[linkType]?.(frame)
}

export function isCaptureHeader(linkType: number): boolean {
  return headers[linkType] !== undefined
}

const ethernet = 1
const rawIp = 101
const wireless = 105

const headers: Readonly<Record<number, (frame: Uint8Array) => InnerFrame | undefined>> = {
  // Prism: 144 octets
  119: () => ({ linkType: wireless, at: 144 }),
  // AVS: magic(4) length(4)
  163: frame => ({ linkType: wireless, at: le16(frame, 7, 6) }),
  // Juniper's Ethernet: magic(3) flags(1), by flag extensions with their length(2); another flag leaves Ethernet out
  178: frame => {
    const flags = frame[3] ?? 0
    const at = 4 + (flags & 0x80 ? 2 + le16(frame, 5, 4) : 0)
    return flags & 2 ? { linkType: rawIp, at: at + 4 } : { linkType: ethernet, at }
  },
  // Per-packet information: version(1) flags(1) length(2) linkType(4), little-endian
  192: frame => ({ linkType: le16(frame, 4), at: le16(frame, 2) }),
  // Endace's record: time(8) type(1) flags(1) length(2) loss(2) original(2), extensions of 8; Ethernet after 2 more
  197: frame => {
    let at = 16
    for (let more = frame[8] ?? 0; more & 0x80 && at < frame.length; at += 8) more = frame[at]!
    return ((frame[8] ?? 0) & 0x7f) === 2 ? { linkType: ethernet, at: at + 2 } : undefined
  },
  239: nflog,
  // Hilscher's analyser: 4 octets, with preamble 12
  240: () => ({ linkType: ethernet, at: 4 }),
  241: () => ({ linkType: ethernet, at: 12 }),
  // macOS's pktap: length(4) next(4) linkType(4) …, little-endian
  149: frame => ({ linkType: le16(frame, 8), at: le16(frame, 0) }),
  258: frame => ({ linkType: le16(frame, 8), at: le16(frame, 0) }),
}

/** family(1) version(1) resource(2), then values: length(2) type(2) octets, padded to 4, little-endian; 9 is the packet. */
function nflog(frame: Uint8Array): InnerFrame | undefined {
  let at = 4
  while (at + 4 <= frame.length) {
    const length = le16(frame, at)
    if (length < 4) return undefined
    if ((le16(frame, at + 2) & 0x7fff) === 9) return { linkType: rawIp, at: at + 4 }
    at += (length + 3) & ~3
  }
  return undefined
}

/** Two octets, the lower at `low`; all headers are far shorter than what these can say. */
function le16(frame: Uint8Array, low: number, high = low + 1): number {
  return (frame[low] ?? 0) | ((frame[high] ?? 0) << 8)
}
