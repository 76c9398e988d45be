import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverMessageSchema } from '../../../libs/model/src/index.ts'
import { alarmOf, type GatewayUnderTest, sendAlarms, startGateway, until } from './gateway-under-test.ts'

let underTest: GatewayUnderTest

beforeAll(async () => {
  underTest = await startGateway({
    config: { live: { tileIntervalMs: 100, heartbeatMs: 1_000, connectionsPerAddressMax: 3 } },
  })
})
afterAll(() => underTest.dispose())

interface Event {
  event: string
  id: string | undefined
  data: Record<string, unknown>
}

/** Reads events as a browser's EventSource does. */
class EventReader {
  readonly events: Event[] = []
  status = 0
  retry = ''
  ended = false
  readonly #request: ClientRequest
  #rest = ''

  constructor(query = '', lastEventId?: string) {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    }
    this.#request = get(`${underTest.address}/api/v1/live${query}`, { headers }, response => this.#read(response))
    this.#request.on('error', () => undefined)
  }

  named(event: string): Event[] {
    return this.events.filter(one => one.event === event)
  }

  close(): void {
    this.#request.destroy()
  }

  #read(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0
    response.setEncoding('utf8')
    response.on('close', () => {
      this.ended = true
    })
    response.on('error', () => undefined)
    response.on('data', chunk => {
      const blocks = (this.#rest + chunk).split('\n\n')
      this.#rest = blocks.pop() ?? ''
      for (const block of blocks) this.#add(block)
    })
  }

  #add(block: string): void {
    const fields = Object.fromEntries(
      block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    )
    if (fields.retry) this.retry = fields.retry
    if (!fields.data) return
    const data = JSON.parse(fields.data)
    if (fields.event !== 'close') serverMessageSchema.parse(data)
    this.events.push({ event: fields.event ?? '', id: fields.id, data })
  }
}

describe('event stream', () => {
  it('has the messages of the WebSocket, with ids that resume it', async () => {
    const reader = new EventReader()
    await until(() => reader.named('snapshot')[0], 'the snapshot')
    expect(reader.events.map(one => one.event).slice(0, 2)).toEqual(['welcome', 'snapshot'])
    expect(reader.retry).toBe('2000')
    // The position of a welcome is not reached before its snapshot has come.
    expect(reader.named('welcome')[0]?.id).toBeUndefined()

    await sendAlarms(underTest.bus, [alarmOf({ resource: 'device/a' })])
    const { id } = await until(() => reader.named('alarm')[0], 'the alarm')
    expect(id).toMatch(/^[0-9a-f-]+:\d+$/)
    await until(() => reader.named('tiles').length > 1 && reader.named('ping')[0])
    reader.close()

    await sendAlarms(underTest.bus, [alarmOf({ resource: 'device/a', rev: 2 }), alarmOf({ resource: 'device/b' })])
    const back = new EventReader('', id)
    await until(() => back.named('alarm').length === 2, 'what was missed')
    expect(back.named('welcome')[0]?.data.resumed).toBe(true)
    expect(back.named('snapshot')).toEqual([])
    back.close()
  })

  it('covers a tenant, or refuses', async () => {
    const reader = new EventReader('?tenant=globex')
    await until(() => reader.named('snapshot')[0])
    expect(reader.named('snapshot')[0]?.data.alarms).toEqual([])
    reader.close()
    const unknown = new EventReader('?tenant=initech')
    await until(() => unknown.ended)
    expect(unknown.named('close')[0]?.data).toEqual({ code: 4403, reason: 'no such tenant or site' })
  })

  it('is limited like the WebSocket', async () => {
    const readers = [new EventReader(), new EventReader(), new EventReader()]
    await until(() => readers.every(reader => reader.named('snapshot')[0]))
    const fourth = new EventReader()
    await until(() => fourth.status)
    expect(fourth.status).toBe(503)
    for (const reader of readers) reader.close()
  })

  it('says goodbye when the gateway goes', async () => {
    const reader = await until(() => {
      const one = new EventReader()
      return until(() => one.named('snapshot')[0] ?? (one.status === 503 || undefined)).then(
        () => one.status === 200 && one,
      )
    })
    await underTest.restart()
    await until(() => reader.ended)
    expect(reader.events.slice(-2).map(one => one.event)).toEqual(['bye', 'close'])
  })
})
