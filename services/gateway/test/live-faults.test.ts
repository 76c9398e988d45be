import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { alarmOf, type GatewayUnderTest, sendAlarms, startGateway, until } from './gateway-under-test.ts'
import { LiveClient } from './live-client.ts'
import { RawSocket } from './raw-socket.ts'

let underTest: GatewayUnderTest
afterEach(() => underTest.dispose())

async function metric(name: string): Promise<number> {
  const { body } = await underTest.metrics.text()
  const line = body.split('\n').find(one => one.startsWith(`${name} `) || one.startsWith(`${name}{`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

async function start(live: object = {}): Promise<void> {
  underTest = await startGateway({ config: { live: { tileIntervalMs: 100, ...live } } })
}

describe('F83 stalled clients', () => {
  it('are closed as slow at their budget, hold no memory after, and cost the others nothing', async () => {
    await start({ queueBytesMax: 256 * 1024, coalesceMs: 0 })
    const stalled = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const raw = new RawSocket(underTest.address)
        await raw.upgrade(underTest.address)
        raw.sendText('{"type":"hello"}')
        await until(() => raw.received.includes('snapshot'))
        raw.socket.pause()
        return raw
      }),
    )
    const healthy = await LiveClient.connect(underTest.address)
    expect(await metric('weir_gateway_clients')).toBe(21)

    // Incompressible only to look like real ones: what counts is more bytes than sockets and budget together hold.
    const summary = randomBytes(24_000).toString('hex')
    const evidence = { summary, action: '', measured: {}, expected: {} }
    let sent = 0
    await until(async () => {
      const batch = Array.from({ length: 20 }, () => alarmOf({ resource: 'device/x', rev: ++sent, evidence }))
      await sendAlarms(underTest.bus, batch)
      return (await metric('weir_gateway_clients')) === 1
    }, 'the stalled clients to be closed')

    expect(await metric('weir_gateway_closes_total{code="3008"}')).toBe(20)
    await until(() => healthy.all('alarm').at(-1)?.alarm.rev === sent, 'the healthy client to have them all')
    const offsets = healthy.all('alarm').map(message => message.offset)
    expect(offsets).toEqual(offsets.map((_, i) => offsets[0]! + i))
    await until(async () => (await metric('weir_gateway_queue_bytes')) === 0)
    for (const raw of stalled) raw.socket.destroy()
    await healthy.close()
  })

  it('skip tiles while they lag, then get the newest, and every alarm all along', async () => {
    await start({ queueBytesMax: 1 << 30, coalesceMs: 0 })
    const client = await LiveClient.connect(underTest.address)
    client.socket.pause()
    const evidence = { summary: randomBytes(24_000).toString('hex'), action: '', measured: {}, expected: {} }
    let rev = 0
    await until(async () => {
      const batch = Array.from({ length: 20 }, () => alarmOf({ resource: 'device/x', rev: ++rev, evidence }))
      await sendAlarms(underTest.bus, batch)
      return (await metric('weir_gateway_tiles_conflated_total')) >= 3
    }, 'tiles to be skipped')
    const resumedMs = Date.now()
    client.socket.resume()
    await until(() => (client.last('tiles')?.serverTimeMs ?? 0) > resumedMs, 'new tiles')
    expect(client.all('alarm').map(message => message.alarm.rev)).toEqual(Array.from({ length: rev }, (_, i) => i + 1))
    await client.close()
  })

  it('may resume where they were cut off', async () => {
    await start({ queueBytesMax: 64 * 1024, coalesceMs: 0 })
    const client = await LiveClient.connect(underTest.address)
    client.socket.pause()
    const evidence = { summary: randomBytes(24_000).toString('hex'), action: '', measured: {}, expected: {} }
    let rev = 0
    await until(async () => {
      await sendAlarms(
        underTest.bus,
        Array.from({ length: 20 }, () => alarmOf({ resource: 'device/x', rev: ++rev, evidence })),
      )
      return (await metric('weir_gateway_closes_total{code="3008"}')) === 1
    })
    client.socket.resume()
    expect(await until(() => client.closed)).toEqual({ code: 3008, reason: 'slow' })
    const back = await LiveClient.connect(underTest.address, {}, client)
    await until(() => [...back.alarms.values()][0]?.rev === rev, 'everything')
    expect(back.welcome?.resumed).toBe(true)
    await back.close()
  })
})

describe('F84 half-open clients', () => {
  it('are closed with 3012 when they answer no ping', async () => {
    await start({ heartbeatMs: 1_000, pongDeadlineMs: 2_000 })
    const silent = await LiveClient.connect(underTest.address)
    silent.answersPings = false
    const alive = await LiveClient.connect(underTest.address)
    expect(await until(() => silent.closed)).toEqual({ code: 3012, reason: 'no pong' })
    expect(alive.closed).toBeUndefined()
    await alive.close()
  })

  it('are closed with 4408 when they never say hello', async () => {
    await start({ helloTimeoutMs: 500 })
    const client = new LiveClient(underTest.address)
    expect(await until(() => client.closed)).toEqual({ code: 4408, reason: 'no hello' })
  })
})

describe('F85 reconnect storm', () => {
  it('is admitted up to the limit, told to wait beyond it, and served from one snapshot a second', async () => {
    await start({ connectionsMax: 150 })
    const before = Date.now()
    const clients = Array.from({ length: 300 }, () => {
      const client = new LiveClient(underTest.address)
      client.socket.on('open', () => client.hello())
      return client
    })
    await until(() => clients.every(client => client.last('snapshot') ?? client.error), 'an answer to everyone')
    const refused = clients.filter(client => client.error)
    expect(refused).toHaveLength(150)
    expect(refused[0]?.error?.message).toContain('503')
    const seconds = Math.ceil((Date.now() - before) / 1_000)
    expect(await metric('weir_gateway_snapshots_built_total')).toBeLessThanOrEqual(seconds + 1)

    const raw = new RawSocket(underTest.address)
    const head = await raw.upgrade(underTest.address)
    expect(head).toMatch(/^HTTP\/1\.1 503 .*\r\n[\s\S]*Retry-After: \d/)
    await Promise.all(clients.filter(client => !client.error).map(client => client.close()))
    // Places are given back.
    const next = await LiveClient.connect(underTest.address)
    await next.close()
  })

  it('limits the connections of one address with 3504', async () => {
    await start({ connectionsPerAddressMax: 2 })
    const two = [await LiveClient.connect(underTest.address), await LiveClient.connect(underTest.address)]
    const third = new LiveClient(underTest.address)
    expect((await until(() => third.closed)).code).toBe(3504)
    await Promise.all(two.map(client => client.close()))
  })
})

describe('F87 messages that are none', () => {
  const cases: [what: string, code: number, send: (raw: RawSocket) => void][] = [
    ['an oversized message', 1009, raw => raw.sendText(JSON.stringify({ type: 'hello', tenant: 'x'.repeat(70_000) }))],
    ['deeply nested JSON', 4400, raw => raw.sendText('['.repeat(30_000))],
    ['deeply nested JSON that ends', 4400, raw => raw.sendText('['.repeat(30_000) + ']'.repeat(30_000))],
    ['no JSON', 4400, raw => raw.sendText('hello')],
    ['an unknown type', 4400, raw => raw.sendText('{"type":"subscribe"}')],
    ['an unknown key', 4400, raw => raw.sendText('{"type":"hello","__proto__":{"tenant":"acme"}}')],
    ['a binary frame', 4400, raw => raw.sendText('{"type":"hello"}', { opcode: 2 })],
    ['an unmasked frame', 1002, raw => raw.sendText('{"type":"hello"}', { masked: false })],
    ['a reserved opcode', 1002, raw => raw.sendText('{"type":"hello"}', { opcode: 3 })],
    [
      'a compressed frame nobody agreed on',
      1002,
      raw => raw.sendText(deflateRawSync('{}').toString('latin1'), { opcode: 0x41 }),
    ],
    ['text that is not UTF-8', 1007, raw => raw.socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe]))],
    ['an unknown tenant', 4403, raw => raw.sendText('{"type":"hello","tenant":"initech"}')],
    ["another tenant's site", 4403, raw => raw.sendText('{"type":"hello","tenant":"acme","site":"globex-main"}')],
    [
      'a second hello',
      4429,
      raw => {
        raw.sendText('{"type":"hello"}')
        raw.sendText('{"type":"hello"}')
      },
    ],
    [
      'ten thousand pongs',
      4400,
      raw => {
        raw.sendText('{"type":"hello"}')
        for (let i = 0; i < 10_000; i++) raw.sendText('{"type":"pong","at":0}')
      },
    ],
  ]

  it('close the connection with a code that says why', async () => {
    await start()
    const codes = await Promise.all(
      cases.map(async ([what, , send]) => {
        const raw = new RawSocket(underTest.address)
        await raw.upgrade(underTest.address)
        send(raw)
        await until(() => raw.closeCode, what)
        raw.socket.destroy()
        return [what, raw.closeCode]
      }),
    )
    expect(codes).toEqual(cases.map(([what, code]) => [what, code]))
    await until(async () => (await metric('weir_gateway_clients')) === 0)
  })
})

describe('upgrades', () => {
  it.each([
    ['without our subprotocol', { 'Sec-WebSocket-Protocol': 'graphql-ws' }, 400],
    ['of a page of another site', { Origin: 'https://evil.example' }, 403],
    ['of a sandboxed page', { Origin: 'null' }, 403],
    ['by a name that DNS points at loopback', { Host: 'rebound.evil.example' }, 403],
    ['with another version', { 'Sec-WebSocket-Version': '7' }, 400],
  ])('%s are refused', async (_, headers, status) => {
    await start()
    const raw = new RawSocket(underTest.address)
    expect(await raw.upgrade(underTest.address, headers as unknown as Record<string, string>)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} `),
    )
    await until(() => raw.closed)
  })

  it('of our own page are welcome, and never compressed', async () => {
    await start()
    const raw = new RawSocket(underTest.address)
    const head = await raw.upgrade(underTest.address, {
      Origin: underTest.address,
      'Sec-WebSocket-Extensions': 'permessage-deflate',
    })
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
    expect(head).toContain('Sec-WebSocket-Protocol: weir.v1.json')
    expect(head).not.toContain('Sec-WebSocket-Extensions')
    raw.socket.destroy()
  })

  it('of a configured name are welcome', async () => {
    underTest = await startGateway({ config: { allowedHosts: ['noc.example.net'] } })
    const socket = new WebSocket(`${underTest.address.replace('http', 'ws')}/api/v1/live`, 'weir.v1.json', {
      headers: { host: 'noc.example.net', origin: 'https://noc.example.net' },
    })
    await new Promise(resolve => socket.once('open', resolve))
    socket.terminate()
  })
})
