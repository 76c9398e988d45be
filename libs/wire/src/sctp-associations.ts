import type { IpPacket } from './ip-reassembly.ts'
import { beginsMessage } from './stream-messages.ts'
import type { StreamedMessage } from './tcp-streams.ts'

/** Directions of associations that are followed at a time, numbers of chunks that each remembers. */
const associationsMax = 256
const numbersMax = 4_096
const messageOctetsMax = 65_535
const beginFlag = 2
const endFlag = 1

interface Association {
  /** Chunks that came: what is sent again counts once. */
  numbers: Set<number>
  /** Those of a message that is not whole, by number. */
  parts: Map<number, Part>
  octets: number
}

interface Part {
  flags: number
  octets: Uint8Array
}

/**
 * IPFIX over SCTP (RFC 7011 §10.2), a message a user message, out of a capture's packets; told by content, as over TCP.
 *
 *     packet  source(2) destination(2) tag(4) checksum(4) chunks
 *     chunk   type(1) flags(1) length(2) body padding                                  RFC 9260 §3.2
 *     DATA    tsn(4) stream(2) number(2) protocol(4) octets                            RFC 9260 §3.3.1
 *     I-DATA  tsn(4) stream(2) reserved(2) message(4) protocol or fragment(4) octets   RFC 8260 §2.1
 */
export class SctpAssociations {
  /** Messages that the capture has not whole. */
  gaps = 0
  readonly #associations = new Map<string, Association>()

  /** @returns the messages that a packet completes */
  add({ source, destination, payload }: IpPacket): StreamedMessage[] {
    if (payload.length < 12) return []
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
    const key = `${source}/${destination}/${view.getUint32(0)}`
    const messages: StreamedMessage[] = []
    let at = 12
    while (at + 4 <= payload.length) {
      const type = view.getUint8(at)
      const length = view.getUint16(at + 2)
      if (length < 4 || at + length > payload.length) break
      const head = type === 0 ? 16 : type === 64 ? 20 : 0
      if (head > 0 && length > head) {
        const part = { flags: view.getUint8(at + 1), octets: payload.subarray(at + head, at + length) }
        const message = this.#chunk(key, view.getUint32(at + 4), part)
        const [sourcePort, destinationPort] = [view.getUint16(0), view.getUint16(2)]
        if (message) messages.push({ source, destination, sourcePort, destinationPort, message })
      }
      at += 4 * Math.ceil(length / 4)
    }
    return messages
  }

  /** Counts what the end of the capture leaves. */
  end(): void {
    for (const { parts } of this.#associations.values()) if (parts.size > 0) this.gaps++
    this.#associations.clear()
  }

  #chunk(key: string, number: number, part: Part): Uint8Array | undefined {
    const isWhole = (part.flags & (beginFlag | endFlag)) === (beginFlag | endFlag)
    let association = this.#associations.get(key)
    if (!association) {
      if ((part.flags & beginFlag) === 0 || !beginsMessage(part.octets)) return undefined
      if (this.#associations.size >= associationsMax) {
        this.#associations.delete(this.#associations.keys().next().value as string)
      }
      association = { numbers: new Set(), parts: new Map(), octets: 0 }
      this.#associations.set(key, association)
    }
    const { numbers, parts } = association
    if (numbers.has(number)) return undefined
    if (numbers.size >= numbersMax) numbers.delete(numbers.values().next().value as number)
    numbers.add(number)
    if (isWhole) return beginsMessage(part.octets) ? part.octets : undefined
    parts.set(number, { flags: part.flags, octets: part.octets.slice() })
    association.octets += part.octets.length
    const message = takeMessage(association, number)
    if (association.octets > messageOctetsMax) {
      this.gaps++
      parts.clear()
      association.octets = 0
    }
    return message
  }
}

/** The message of which the chunk `number` is a part, where all parts are there: their numbers follow each other. */
function takeMessage(association: Association, number: number): Uint8Array | undefined {
  const { parts } = association
  let first = number
  while ((parts.get(first)!.flags & beginFlag) === 0) {
    first = (first - 1) >>> 0
    if (!parts.has(first)) return undefined
  }
  const octets: Uint8Array[] = []
  for (let next = first; ; next = (next + 1) >>> 0) {
    const part = parts.get(next)
    if (!part) return undefined
    octets.push(part.octets)
    if ((part.flags & endFlag) !== 0) {
      for (let taken = 0; taken < octets.length; taken++) parts.delete((first + taken) >>> 0)
      const message = Buffer.concat(octets)
      association.octets -= message.length
      return beginsMessage(message) ? message : undefined
    }
  }
}
