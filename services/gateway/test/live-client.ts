import { type ClientOptions, WebSocket } from 'ws'
import {
  type Alarm,
  type ClientMessage,
  liveSubprotocol,
  type ServerMessage,
  serverMessageSchema,
} from '../../../libs/model/src/index.ts'
import { until } from './gateway-under-test.ts'

/** A client as docs/reference/live-protocol.md wants it: folds what it gets, and remembers where it stands. */
export class LiveClient {
  readonly socket: WebSocket
  readonly messages: ServerMessage[] = []
  readonly alarms: Map<string, Alarm>
  streamId: string | undefined
  offset: number | undefined
  closed: { code: number; reason: string } | undefined
  error: Error | undefined
  answersPings = true

  constructor(address: string, resumeOf?: LiveClient, options: ClientOptions = {}) {
    this.alarms = new Map(resumeOf?.alarms)
    this.streamId = resumeOf?.streamId
    this.offset = resumeOf?.offset
    this.socket = new WebSocket(`${address.replace('http', 'ws')}/api/v1/live`, liveSubprotocol, options)
    this.socket.on('message', data => this.#receive(serverMessageSchema.parse(JSON.parse(String(data)))))
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
    })
    this.socket.on('error', error => {
      this.error = error
    })
  }

  /** Connects and says hello; resolves when the server has brought it up to now. */
  static async connect(
    address: string,
    hello: Partial<Extract<ClientMessage, { type: 'hello' }>> = {},
    resumeOf?: LiveClient,
  ): Promise<LiveClient> {
    const client = new LiveClient(address, resumeOf)
    await client.opened()
    client.hello(hello)
    await until(() => client.welcome?.resumed || client.last('snapshot'), 'welcome')
    return client
  }

  get welcome(): Extract<ServerMessage, { type: 'welcome' }> | undefined {
    return this.last('welcome')
  }

  opened(): Promise<unknown> {
    return until(() => this.socket.readyState === WebSocket.OPEN || this.error, 'an open socket')
  }

  hello(hello: Partial<Extract<ClientMessage, { type: 'hello' }>> = {}): void {
    const position = this.streamId === undefined ? {} : { streamId: this.streamId, offset: this.offset }
    this.send({ type: 'hello', ...position, ...hello })
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message))
  }

  last<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }> | undefined {
    return this.messages.findLast(message => message.type === type) as Extract<ServerMessage, { type: T }> | undefined
  }

  all<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter(message => message.type === type) as Extract<ServerMessage, { type: T }>[]
  }

  async close(): Promise<void> {
    this.socket.terminate()
    await until(() => this.closed, 'a closed socket')
  }

  #receive(message: ServerMessage): void {
    this.messages.push(message)
    switch (message.type) {
      case 'snapshot':
        this.streamId = message.streamId
        this.offset = message.offset
        this.alarms.clear()
        for (const alarm of message.alarms) this.alarms.set(alarm.alarmId, alarm)
        break
      case 'alarm':
        this.offset = message.offset
        this.alarms.set(message.alarm.alarmId, message.alarm)
        break
      case 'ping':
        this.offset = message.offset ?? this.offset
        if (this.answersPings) this.send({ type: 'pong', at: message.at })
        break
    }
  }
}
