import { describe, expect, it } from 'vitest'
import type { ServerMessage } from '../../../../libs/model/src/index.ts'
import { backoffMaxMs, backoffMs } from '../../web/src/state/backoff.ts'
import { createConnection, type SocketHandlers } from '../../web/src/state/connection.ts'
import { alarm, sampleAlarms } from './scenarios.ts'

/** A network of sockets that a test opens, feeds and cuts, with time that moves only when told. */
function harness(options: { tenant?: string } = {}) {
  let nowMs = 0
  let timers: { atMs: number; then: () => void }[] = []
  const sockets: { handlers: SocketHandlers; sent: Record<string, unknown>[]; abandoned: boolean }[] = []
  const received: ServerMessage[] = []
  const connection = createConnection({
    ...options,
    ports: {
      open(handlers) {
        const socket = { handlers, sent: [] as Record<string, unknown>[], abandoned: false }
        sockets.push(socket)
        return {
          send: text => socket.sent.push(JSON.parse(text) as Record<string, unknown>),
          abandon: () => {
            socket.abandoned = true
          },
        }
      },
      monotonicMs: () => nowMs,
      random: () => 1,
      after(ms, then) {
        const timer = { atMs: nowMs + ms, then }
        timers.push(timer)
        return () => {
          timers = timers.filter(one => one !== timer)
        }
      },
    },
    received: message => received.push(message),
    changed: () => {},
  })
  return {
    connection,
    sockets,
    received,
    get socket() {
      return sockets.at(-1)!
    },
    say(message: object) {
      sockets.at(-1)!.handlers.received(JSON.stringify(message))
    },
    pass(ms: number) {
      const untilMs = nowMs + ms
      for (;;) {
        const next = timers.filter(timer => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (!next) break
        timers = timers.filter(timer => timer !== next)
        nowMs = next.atMs
        next.then()
      }
      nowMs = untilMs
    },
  }
}

const welcome = {
  type: 'welcome',
  streamId: 's',
  offset: 7,
  serverTimeMs: 1,
  buildId: 'b',
  heartbeatMs: 5_000,
  resumed: false,
}
const snapshot = { type: 'snapshot', streamId: 's', offset: 7, serverTimeMs: 1, alarms: [], tiles: {} }
const delta = (offset: number) => ({ type: 'alarm', offset, serverTimeMs: 1, alarm: sampleAlarms(0)[0] })
const ping = (offset?: number) => ({ type: 'ping', at: 3, serverTimeMs: 1, offset })

function live(options: { tenant?: string } = {}) {
  const wall = harness(options)
  wall.connection.start()
  wall.socket.handlers.opened()
  wall.say(welcome)
  wall.say(snapshot)
  return wall
}

describe('connection', () => {
  it('says what it wants to see and becomes open with the welcome', () => {
    const wall = harness({ tenant: 'acme' })
    wall.connection.start()
    wall.socket.handlers.opened()
    expect(wall.socket.sent).toEqual([{ type: 'hello', tenant: 'acme' }])
    wall.say(welcome)
    expect(wall.connection.state().name).toBe('open')
  })

  it('answers a ping with its stamp', () => {
    const wall = live()
    wall.say(ping())
    expect(wall.socket.sent.at(-1)).toEqual({ type: 'pong', at: 3 })
  })

  it('resumes from the last alarm, or from a later offset that a ping has confirmed', () => {
    const wall = live()
    wall.say(delta(8))
    wall.say(ping(12))
    wall.socket.handlers.closed(3001, 'shutdown')
    wall.pass(30_000)
    wall.socket.handlers.opened()
    expect(wall.socket.sent[0]).toEqual({ type: 'hello', streamId: 's', offset: 12 })
  })

  it('hands each offset on once', () => {
    const wall = live()
    for (const offset of [8, 8, 7, 9]) wall.say(delta(offset))
    expect(wall.received.filter(message => message.type === 'alarm').map(({ offset }) => offset)).toEqual([8, 9])
    expect(wall.connection.counters.duplicates).toBe(2)
  })

  it('dials for ever, never more than half a minute apart', () => {
    const wall = harness()
    wall.connection.start()
    for (let attempt = 0; attempt < 500; attempt++) {
      const before = wall.sockets.length
      wall.socket.handlers.closed(1006, '')
      wall.pass(backoffMaxMs)
      expect(wall.sockets.length).toBeGreaterThan(before)
    }
  })

  it('gives up a socket on which nothing was heard for two heartbeats', () => {
    const wall = live()
    wall.pass(9_999)
    expect(wall.sockets).toHaveLength(1)
    wall.pass(2)
    expect(wall.socket.abandoned).toBe(true)
    expect(wall.connection.counters.watchdog).toBe(1)
    wall.pass(1_000)
    expect(wall.sockets).toHaveLength(2)
  })

  it('keeps a socket that speaks now and then', () => {
    const wall = live()
    for (let beat = 0; beat < 20; beat++) {
      wall.pass(6_000)
      wall.say(ping())
    }
    expect(wall.sockets).toHaveLength(1)
  })

  it('gives up a socket that was never welcomed', () => {
    const wall = harness()
    wall.connection.start()
    wall.pass(10_600)
    expect(wall.sockets.length).toBe(2)
  })

  it('gives up a socket that speaks and never welcomes', () => {
    const wall = harness()
    wall.connection.start()
    wall.socket.handlers.opened()
    for (let second = 0; second < 10; second++) {
      wall.say(ping())
      wall.pass(1_000)
    }
    wall.pass(600)
    expect(wall.sockets.length).toBe(2)
  })

  it('waits as long as a departing gateway asks', () => {
    const wall = live()
    wall.say({ type: 'bye', retryAfterMs: 4_000, reason: 'shutdown' })
    wall.socket.handlers.closed(3001, 'shutdown')
    wall.pass(3_900)
    expect(wall.sockets).toHaveLength(1)
    wall.pass(200)
    expect(wall.sockets).toHaveLength(2)
  })

  it('backs off from a gateway that welcomes and closes at once', () => {
    const wall = live()
    for (let attempt = 0; attempt < 8; attempt++) {
      wall.socket.handlers.closed(3008, 'slow')
      wall.pass(backoffMaxMs)
      wall.socket.handlers.opened()
      wall.say(welcome)
    }
    wall.socket.handlers.closed(3008, 'slow')
    const state = wall.connection.state()
    expect(state.name === 'waiting' && state.retryAtMs - state.sinceMs).toBe(backoffMaxMs)
  })

  it('says that it was refused and asks again rarely', () => {
    const wall = harness()
    wall.connection.start()
    wall.socket.handlers.closed(4403, 'no such tenant')
    expect(wall.connection.state()).toMatchObject({ name: 'refused', code: 4403 })
    wall.pass(59_000)
    expect(wall.sockets).toHaveLength(1)
    wall.pass(1_500)
    expect(wall.sockets).toHaveLength(2)
  })

  it('dials at once when the network returns', () => {
    const wall = live()
    wall.socket.handlers.closed(1006, '')
    wall.connection.nudge()
    expect(wall.sockets).toHaveLength(2)
  })

  it('counts what it cannot read and goes on', () => {
    const wall = live()
    wall.socket.handlers.received('{"type":')
    wall.say({ type: 'alarm', offset: 8, serverTimeMs: 1, alarm: { alarmId: 'x' } })
    wall.say({ type: 'tiles', serverTimeMs: 1, tiles: { sites: [{ siteId: 4 }, null, 'x'] } })
    wall.say({ type: 'unheard-of', serverTimeMs: 1 })
    expect(wall.connection.counters).toMatchObject({ invalid: 3, droppedRows: 3 })
    expect(wall.connection.state().name).toBe('open')
  })
})

describe('back-off', () => {
  it('starts within half a second and stays within half a minute', () => {
    expect(backoffMs(0, 0)).toBe(250)
    expect(backoffMs(0, 1)).toBe(500)
    expect(backoffMs(1_000_000, 1)).toBe(backoffMaxMs)
    expect(backoffMs(1_000_000, 0)).toBe(backoffMaxMs / 2)
  })
})

describe('sketches of the test server', () => {
  it('give the same alarm the same id', () => {
    const sketch = {
      type: 'link-down',
      severity: 'critical',
      site: 1,
      device: 'd',
      agoMs: 5,
      summary: '',
      action: '',
    } as const
    expect(alarm(sketch, 1_000).alarmId).toBe(alarm(sketch, 1_000).alarmId)
  })
})
