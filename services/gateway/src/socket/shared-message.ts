import type { ServerMessage } from '../../../../libs/model/src/index.ts'

export type Encoding = 'websocket' | 'event-stream'

/** One message for any number of clients: serialised once, framed once for each kind of transport. */
export class SharedMessage {
  readonly type: ServerMessage['type']
  readonly json: string
  /** Position in the stream after this message; event streams send it as the event's id. */
  readonly offset: number | undefined
  #frame: Buffer | undefined

  constructor(type: ServerMessage['type'], json: string, offset?: number) {
    this.type = type
    this.json = json
    this.offset = offset
  }

  static of(message: ServerMessage): SharedMessage {
    // A client has not reached the offset of a welcome before what follows it has come.
    const offset = 'offset' in message && message.type !== 'welcome' ? message.offset : undefined
    return new SharedMessage(message.type, JSON.stringify(message), offset)
  }

  encoded(encoding: Encoding, streamId: string): Buffer {
    if (encoding === 'event-stream') return eventOf(this, streamId)
    this.#frame ??= textFrame(this.json)
    return this.#frame
  }
}

/** An unmasked, unfragmented text frame (RFC 6455 §5.2): what a server sends. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerLength + length)
  frame[0] = 0x81
  if (length < 126) {
    frame[1] = length
  } else if (length < 65_536) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, headerLength)
  return frame
}

/** One event of an event stream (HTML §9.2); JSON has no raw line breaks, so that one data line holds it. */
function eventOf(message: SharedMessage, streamId: string): Buffer {
  const id = message.offset === undefined ? '' : `id: ${streamId}:${message.offset}\n`
  return Buffer.from(`event: ${message.type}\n${id}data: ${message.json}\n\n`)
}
