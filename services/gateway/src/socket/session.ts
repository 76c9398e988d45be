import { type ClientMessage, clientMessageSchema, liveCloseCodes } from '../../../../libs/model/src/index.ts'
import type { LiveConfig } from '../config.ts'
import type { Principal } from '../principal.ts'
import type { LiveCounters } from './counters.ts'
import type { SharedMessage } from './shared-message.ts'
import type { StreamGroup } from './stream-group.ts'
import type { LiveTransport } from './transport.ts'

/** A client whose queue was never empty for this long is slow, however few bytes there are. */
const drainDeadlineMs = 30_000

/** A client that does not finish the closing handshake in this time loses its socket. */
const closeGraceMs = 3_000

export type Hello = Extract<ClientMessage, { type: 'hello' }>

/** One client: where it stands in the stream, what it has not taken yet, and when it was last heard. */
export class Session {
  readonly principal: Principal
  readonly transport: LiveTransport
  readonly #config: LiveConfig
  readonly #counters: LiveCounters
  readonly #onHello: (session: Session, hello: Hello) => void
  readonly #openedMs: number
  group: StreamGroup | undefined
  /** Offset of the last delta sent, and version of the tiles last sent. */
  position = 0
  tileVersion = 0
  #lastHeardMs: number
  #lastPingMs: number
  #drainedMs: number
  #closingSinceMs: number | undefined
  #secondStartedMs = 0
  #messagesThisSecond = 0
  /** A snapshot or a long resume may be larger than the budget; until it has gone, the budget is larger by it. */
  #catchUpBytes = 0

  constructor(options: {
    principal: Principal
    transport: LiveTransport
    config: LiveConfig
    counters: LiveCounters
    nowMs: number
    onHello: (session: Session, hello: Hello) => void
  }) {
    this.principal = options.principal
    this.transport = options.transport
    this.#config = options.config
    this.#counters = options.counters
    this.#onHello = options.onHello
    this.#openedMs = options.nowMs
    this.#lastHeardMs = options.nowMs
    this.#lastPingMs = options.nowMs
    this.#drainedMs = options.nowMs
  }

  get closing(): boolean {
    return this.#closingSinceMs !== undefined
  }

  /** A text message of the client. */
  receive(text: string, nowMs: number): void {
    if (this.closing) return
    this.#lastHeardMs = nowMs
    const message = readMessage(text)
    this.#counters.messagesReceived.add(message?.type ?? 'invalid')
    if (this.#overRate(nowMs)) this.close(liveCloseCodes.badMessage, 'too many messages', nowMs)
    else if (!message) this.close(liveCloseCodes.badMessage, 'not a message of weir.v1.json', nowMs)
    else if (message.type === 'pong') return
    else if (this.group) this.close(liveCloseCodes.tooManyHellos, 'hello was said before', nowMs)
    else this.#onHello(this, message)
  }

  send(message: SharedMessage): void {
    this.#write([message.encoded(this.transport.encoding, this.group?.streamId ?? '')])
    this.#counters.messagesSent.add(message.type)
  }

  /** What is queued now brought the client up to date and does not count as its being slow. */
  caughtUp(): void {
    this.#catchUpBytes = this.transport.bufferedBytes
  }

  /** Sends what the client does not have yet: deltas, then tiles unless it lags, then a ping when one is due. */
  flush(now: { ms: number; deltasUpTo: number; ping: SharedMessage | undefined; tiles: boolean }): void {
    const { group } = this
    if (!group || this.closing) return
    const chunks: Buffer[] = []
    if (this.position < now.deltasUpTo) {
      const batch = group.batchAfter(this.position, this.transport.encoding)
      this.#counters.messagesSent.add('alarm', batch.length > 0 ? 1 : 0)
      if (batch.length > 0) chunks.push(batch)
      this.position = now.deltasUpTo
    }
    if (now.tiles) this.#addTiles(group, chunks, now.ms)
    if (now.ping && now.ms - this.#lastPingMs >= this.#config.heartbeatMs) {
      this.#lastPingMs = now.ms
      chunks.push(now.ping.encoded(this.transport.encoding, group.streamId))
      this.#counters.messagesSent.add('ping')
    }
    if (chunks.length === 0) return
    // Judged by what it left lying before, so that one large batch does not make anyone slow.
    if (this.transport.bufferedBytes > this.#budgetBytes()) this.close(liveCloseCodes.slow, 'slow', now.ms)
    else this.#write(chunks)
  }

  /** Enforces the deadlines of the hello, of the pong and of the closing handshake. */
  checkDeadlines(nowMs: number): void {
    if (this.#closingSinceMs !== undefined) {
      if (nowMs - this.#closingSinceMs >= closeGraceMs) this.transport.destroy()
      return
    }
    if (this.transport.bufferedBytes === 0) this.#drainedMs = nowMs
    // An event stream cannot answer; its dead clients show by bytes that nobody takes.
    const expectsPong = this.group && this.transport.encoding === 'websocket'
    if (!this.group && nowMs - this.#openedMs >= this.#config.helloTimeoutMs) {
      this.close(liveCloseCodes.helloTimeout, 'no hello', nowMs)
    } else if (nowMs - this.#drainedMs >= drainDeadlineMs) {
      this.close(liveCloseCodes.slow, 'slow', nowMs)
    } else if (expectsPong && nowMs - this.#lastHeardMs >= this.#config.pongDeadlineMs) {
      this.close(liveCloseCodes.noPong, 'no pong', nowMs)
    }
  }

  close(code: number, reason: string, nowMs: number): void {
    if (this.closing) return
    this.#closingSinceMs = nowMs
    this.#counters.closes.add(String(code))
    this.transport.close(code, reason)
  }

  #addTiles(group: StreamGroup, chunks: Buffer[], nowMs: number): void {
    if (this.tileVersion >= group.board.version) return
    if (this.transport.bufferedBytes > this.#config.conflateBytes) {
      this.#counters.tilesConflated++
      return
    }
    const message = group.board.messageSince(this.tileVersion, nowMs)
    if (message) {
      chunks.push(message.encoded(this.transport.encoding, group.streamId))
      this.#counters.messagesSent.add('tiles')
    }
    this.tileVersion = group.board.version
  }

  #budgetBytes(): number {
    if (this.#catchUpBytes > 0 && this.transport.bufferedBytes < this.#config.conflateBytes) this.#catchUpBytes = 0
    return this.#config.queueBytesMax + this.#catchUpBytes
  }

  #write(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) this.#counters.bytesSent += chunk.length
    this.transport.write(chunks)
  }

  #overRate(nowMs: number): boolean {
    if (nowMs - this.#secondStartedMs >= 1_000) {
      this.#secondStartedMs = nowMs
      this.#messagesThisSecond = 0
    }
    return ++this.#messagesThisSecond > this.#config.messagesPerSecondMax
  }
}

function readMessage(text: string): ClientMessage | undefined {
  try {
    return clientMessageSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
