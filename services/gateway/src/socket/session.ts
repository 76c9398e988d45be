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

/** What one flush brings to every client. */
export interface FlushMoment {
  monotonicMs: number
  serverTimeMs: number
  deltasUpTo: number
  /** For those who are due one. */
  ping: SharedMessage | undefined
  tiles: boolean
}

export type Hello = Extract<ClientMessage, { type: 'hello' }>

/**
 * One client: where it stands in the stream, what it has not taken yet, and when it was last heard. Its deadlines are by
 * the monotonic clock: a step of the other would close everybody at once.
 */
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
    monotonicMs: number
    onHello: (session: Session, hello: Hello) => void
  }) {
    this.principal = options.principal
    this.transport = options.transport
    this.#config = options.config
    this.#counters = options.counters
    this.#onHello = options.onHello
    this.#openedMs = options.monotonicMs
    this.#lastHeardMs = options.monotonicMs
    this.#lastPingMs = options.monotonicMs
    this.#drainedMs = options.monotonicMs
  }

  get closing(): boolean {
    return this.#closingSinceMs !== undefined
  }

  /** A text message of the client. */
  receive(text: string, monotonicMs: number): void {
    if (this.closing) return
    this.#lastHeardMs = monotonicMs
    const message = readMessage(text)
    this.#counters.messagesReceived.add(message?.type ?? 'invalid')
    if (this.#overRate(monotonicMs)) this.close(liveCloseCodes.badMessage, 'too many messages', monotonicMs)
    else if (!message) this.close(liveCloseCodes.badMessage, 'not a message of weir.v1.json', monotonicMs)
    else if (message.type === 'pong') return
    else if (this.group) this.close(liveCloseCodes.tooManyHellos, 'hello was said before', monotonicMs)
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
  flush(now: FlushMoment): void {
    const { group } = this
    if (!group || this.closing) return
    const chunks: Buffer[] = []
    if (this.position < now.deltasUpTo) {
      const batch = group.batchAfter(this.position, this.transport.encoding)
      this.#counters.messagesSent.add('alarm', batch.length > 0 ? 1 : 0)
      if (batch.length > 0) chunks.push(batch)
      this.position = now.deltasUpTo
    }
    if (now.tiles) this.#addTiles(group, chunks, now.serverTimeMs)
    if (now.ping && now.monotonicMs - this.#lastPingMs >= this.#config.heartbeatMs) {
      this.#lastPingMs = now.monotonicMs
      chunks.push(now.ping.encoded(this.transport.encoding, group.streamId))
      this.#counters.messagesSent.add('ping')
    }
    if (chunks.length === 0) return
    // Judged by what it left lying before, so that one large batch does not make anyone slow.
    if (this.transport.bufferedBytes > this.#budgetBytes()) this.close(liveCloseCodes.slow, 'slow', now.monotonicMs)
    else this.#write(chunks)
  }

  /** Enforces the deadlines of the hello, of the pong and of the closing handshake. */
  checkDeadlines(monotonicMs: number): void {
    if (this.#closingSinceMs !== undefined) {
      if (monotonicMs - this.#closingSinceMs >= closeGraceMs) this.transport.destroy()
      return
    }
    if (this.transport.bufferedBytes === 0) this.#drainedMs = monotonicMs
    // An event stream cannot answer; its dead clients show by bytes that nobody takes.
    const expectsPong = this.group && this.transport.encoding === 'websocket'
    if (!this.group && monotonicMs - this.#openedMs >= this.#config.helloTimeoutMs) {
      this.close(liveCloseCodes.helloTimeout, 'no hello', monotonicMs)
    } else if (monotonicMs - this.#drainedMs >= drainDeadlineMs) {
      this.close(liveCloseCodes.slow, 'slow', monotonicMs)
    } else if (expectsPong && monotonicMs - this.#lastHeardMs >= this.#config.pongDeadlineMs) {
      this.close(liveCloseCodes.noPong, 'no pong', monotonicMs)
    }
  }

  close(code: number, reason: string, monotonicMs: number): void {
    if (this.closing) return
    this.#closingSinceMs = monotonicMs
    this.#counters.closes.add(String(code))
    this.transport.close(code, reason)
  }

  #addTiles(group: StreamGroup, chunks: Buffer[], serverTimeMs: number): void {
    if (this.tileVersion >= group.board.version) return
    if (this.transport.bufferedBytes > this.#config.conflateBytes) {
      this.#counters.tilesConflated++
      return
    }
    const message = group.board.messageSince(this.tileVersion, serverTimeMs)
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

  #overRate(monotonicMs: number): boolean {
    if (monotonicMs - this.#secondStartedMs >= 1_000) {
      this.#secondStartedMs = monotonicMs
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
