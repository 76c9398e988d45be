import { connect, type Socket } from 'node:net'
import { until } from './gateway-under-test.ts'

/** A client that speaks bytes, for what a WebSocket library would not do. */
export class RawSocket {
  readonly socket: Socket
  closed = false
  #received = Buffer.alloc(0)

  constructor(address: string) {
    const { hostname, port } = new URL(address)
    this.socket = connect(Number(port), hostname)
    this.socket.on('data', data => {
      this.#received = Buffer.concat([this.#received, data])
    })
    this.socket.on('close', () => {
      this.closed = true
    })
    this.socket.on('error', () => undefined)
  }

  get received(): Buffer {
    return this.#received
  }

  /** Sends an upgrade and returns the head of the answer. */
  async upgrade(address: string, headers: Record<string, string> = {}): Promise<string> {
    const all: Record<string, string> = {
      Host: new URL(address).host,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol': 'weir.v1.json',
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(`GET /api/v1/live HTTP/1.1\r\n${lines.join('')}\r\n`)
    await until(() => this.#received.includes('\r\n\r\n') || this.closed, 'the answer to an upgrade')
    const end = this.#received.indexOf('\r\n\r\n')
    const head = this.#received.subarray(0, end).toString('latin1')
    this.#received = this.#received.subarray(end + 4)
    return head
  }

  /** A text frame; a client has to mask it (RFC 6455 §5.3), so that an unmasked one is a fault. */
  sendText(text: string, options: { masked?: boolean; opcode?: number } = {}): void {
    const payload = Buffer.from(text)
    const masked = options.masked ?? true
    const head = [0x80 | (options.opcode ?? 1)]
    const maskBit = masked ? 0x80 : 0
    if (payload.length < 126) head.push(maskBit | payload.length)
    else if (payload.length < 65_536) head.push(maskBit | 126, payload.length >> 8, payload.length & 0xff)
    else head.push(maskBit | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map(shift => (payload.length >>> shift) & 0xff))
    // A mask of zeros masks nothing, and is a mask.
    this.socket.write(Buffer.concat([Buffer.from(head), masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]))
  }

  /** Code of the close frame at the end of what came; undefined before it. */
  get closeCode(): number | undefined {
    for (let at = 0; at + 2 <= this.#received.length; ) {
      const opcode = this.#received[at]! & 0x0f
      let length = this.#received[at + 1]! & 0x7f
      let header = 2
      if (length === 126) {
        length = this.#received.readUInt16BE(at + 2)
        header = 4
      } else if (length === 127) {
        length = Number(this.#received.readBigUInt64BE(at + 2))
        header = 10
      }
      if (opcode === 8) return this.#received.readUInt16BE(at + header)
      at += header + length
    }
    return undefined
  }
}
