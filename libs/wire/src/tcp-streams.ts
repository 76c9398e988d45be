import type { IpPacket } from './ip-reassembly.ts'
import { beginsMessage, StreamMessages } from './stream-messages.ts'

/** A message that came over TCP or SCTP, with the addresses and ports of what carried it. */
export interface StreamedMessage {
  source: Uint8Array
  destination: Uint8Array
  sourcePort: number
  destinationPort: number
  message: Uint8Array
}

interface Connection extends Omit<StreamedMessage, 'message'> {
  stream: StreamMessages
}

/** Directions of connections that are followed at a time; the one that was quiet for longest makes room. */
const connectionsMax = 256
const synFlag = 2

/**
 * IPFIX over TCP (RFC 7011 §10.4) out of a capture's packets, told by content: connections that do not begin with a message
 * are let go at once, so that a capture of other traffic costs nothing.
 */
export class TcpStreams {
  #gaps = 0
  readonly #connections = new Map<string, Connection>()

  /** Messages that the capture has not whole, as far as that is known. */
  get gaps(): number {
    let gaps = this.#gaps
    for (const { stream } of this.#connections.values()) gaps += stream.gaps
    return gaps
  }

  /**
   *     source(2) destination(2) sequence(4) acknowledged(4) offset(1) flags(1) window(2) checksum(2) urgent(2) options
   *
   * @returns the messages that a packet completes
   */
  add({ source, destination, payload }: IpPacket): StreamedMessage[] {
    const begin = payload.length < 20 ? 0 : (payload[12]! >>> 4) * 4
    if (begin < 20 || begin > payload.length) return []
    const octets = payload.subarray(begin)
    const isSyn = (payload[13]! & synFlag) !== 0
    if (octets.length === 0 && !isSyn) return []
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
    const sequence = (view.getUint32(4) + (isSyn ? 1 : 0)) >>> 0
    const key = `${source}/${destination}/${view.getUint32(0)}`
    const messages = isSyn ? this.#finish(key) : []
    let connection = this.#connections.get(key)
    if (!connection) {
      if (!isSyn && !beginsMessage(octets)) return messages
      connection = {
        source: source.slice(),
        destination: destination.slice(),
        sourcePort: view.getUint16(0),
        destinationPort: view.getUint16(2),
        stream: new StreamMessages(sequence),
      }
    }
    this.#follow(key, connection)
    messages.push(...messagesOf(connection, connection.stream.add(sequence, octets)))
    const { stream } = connection
    // Another protocol's connection: it had octets, and no message headed them.
    if (stream.messages === 0 && stream.gaps > 0) this.#connections.delete(key)
    return messages
  }

  /** What the end of the capture leaves. */
  end(): StreamedMessage[] {
    return [...this.#connections.keys()].flatMap(key => this.#finish(key))
  }

  #follow(key: string, connection: Connection): void {
    this.#connections.delete(key)
    this.#connections.set(key, connection)
    if (this.#connections.size > connectionsMax) {
      const [eldest] = this.#connections.keys()
      this.#finish(eldest as string)
    }
  }

  #finish(key: string): StreamedMessage[] {
    const connection = this.#connections.get(key)
    if (!connection) return []
    this.#connections.delete(key)
    const messages = messagesOf(connection, connection.stream.end())
    // A connection that never had a message was another protocol's.
    if (connection.stream.messages > 0) this.#gaps += connection.stream.gaps
    return messages
  }
}

function messagesOf(connection: Connection, messages: readonly Uint8Array[]): StreamedMessage[] {
  return messages.map(message => ({ ...connection, message }))
}
