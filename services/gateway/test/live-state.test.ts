import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { type DeviceLive, type FlowWindow, LiveRecordSchema } from '../../../libs/model/src/index.ts'
import { blockOf } from '../../../libs/store/test/sample-blocks.ts'
import { gatewayConfigSchema } from '../src/index.ts'
import { LiveState } from '../src/live/live-state.ts'
import { MinuteRing } from '../src/live/minute-ring.ts'
import { tilesOf } from '../src/live/tiles.ts'
import { liveRecord, sendLive, startGateway, testInventory, until } from './gateway-under-test.ts'
import { LiveClient } from './live-client.ts'

const nowMs = Date.parse('2026-11-23T12:00:00Z')
const everything = { tenants: 'all', siteId: undefined } as const

function stateWith(limits: object = {}): LiveState {
  return new LiveState(testInventory, gatewayConfigSchema.parse({ live: limits }).live, nowMs)
}

function device(changes: Partial<Record<keyof DeviceLive, unknown>> & { interfaces?: object[] }, offset: bigint) {
  const value = {
    deviceId: 'acme-core-1',
    siteId: 'acme-hq',
    polledAtMs: BigInt(nowMs),
    intervalMs: 60_000,
    reachable: true,
    ...changes,
  }
  return liveRecord('acme', { case: 'device', value } as Parameters<typeof liveRecord>[1], offset)
}

function flows(changes: Partial<Record<keyof FlowWindow, unknown>>, offset: bigint) {
  const value = { exporterId: 'acme/c1/192.0.2.1', windowStartMs: BigInt(nowMs - 120_000), ...changes }
  return liveRecord('acme', { case: 'flowWindow', value } as Parameters<typeof liveRecord>[1], offset)
}

const at = { partition: 0, stampMs: nowMs }
const port = (name: string, changes: object = {}) => ({
  interfaceId: `acme-core-1/${name}`,
  ifName: name,
  ifType: 6,
  ...changes,
})

describe('live state', () => {
  it('takes each source position once, whoever repeats it', () => {
    const state = stateWith()
    state.apply(device({ uptimeS: 1 }, 5n), at, nowMs)
    state.apply(device({ uptimeS: 2 }, 6n), at, nowMs)
    state.apply(device({ uptimeS: 1 }, 5n), at, nowMs)
    state.apply(device({ uptimeS: 2 }, 6n), at, nowMs)
    expect(state.device('acme', 'acme-core-1')?.uptimeSeconds).toBe(2)
    expect(state.counters).toMatchObject({ received: 4, repeated: 2 })
  })

  it('a poll of some interfaces leaves the others as they are', () => {
    const state = stateWith()
    const [eth0, eth1] = [port('eth0', { inBitsPerSecond: 10 }), port('eth1', { inBitsPerSecond: 1 })]
    state.apply(device({ interfaces: [eth0, eth1] }, 1n), at, nowMs)
    const faster = { interfaces: [port('eth1', { inBitsPerSecond: 5 })], polledAtMs: BigInt(nowMs + 10_000) }
    state.apply(device({ ...faster, partial: true }, 2n), at, nowMs)
    expect(state.device('acme', 'acme-core-1')?.inBitsPerSecond).toBe(15)
    state.apply(device({ ...faster, polledAtMs: BigInt(nowMs + 20_000) }, 3n), at, nowMs)
    expect(state.device('acme', 'acme-core-1')?.inBitsPerSecond).toBe(5)
  })

  it('takes a topic that was made anew for a new one, and partitions apart', () => {
    const state = stateWith()
    state.apply(device({ uptimeS: 1 }, 500n), at, nowMs)
    const anew = device({ uptimeS: 2 }, 0n)
    anew.source!.logId = 'another log'
    state.apply(anew, at, nowMs)
    state.apply(device({ uptimeS: 3 }, 1n), { ...at, partition: 1 }, nowMs)
    expect(state.device('acme', 'acme-core-1')?.uptimeSeconds).toBe(3)
    expect(state.counters.repeated).toBe(0)
  })

  it('counts records that name no source or nothing at all', () => {
    const state = stateWith()
    state.apply(create(LiveRecordSchema, { tenantId: 'acme' }), at, nowMs)
    expect(state.counters).toMatchObject({ received: 1, malformed: 1 })
  })

  it('keeps the last values of a device that does not answer, with their old time', () => {
    const state = stateWith()
    state.apply(device({ interfaces: [port('a', { utilisationIn: 0.4 })] }, 1n), at, nowMs)
    state.apply(device({ reachable: false, polledAtMs: BigInt(nowMs + 60_000) }, 2n), at, nowMs + 60_000)
    const { overview, worstInterfaces } = tilesOf(state, everything, 5, nowMs + 60_000)
    expect(overview).toMatchObject({ devices: 2, devicesReachable: 0 })
    expect(worstInterfaces).toMatchObject([{ ifName: 'a', asOfMs: nowMs, utilisationIn: 0.4 }])
  })

  it('calls a device stale after two intervals without a poll, also one that never was polled', () => {
    const state = stateWith()
    state.apply(device({}, 1n), at, nowMs)
    const stale = (atMs: number) => tilesOf(state, everything, 5, atMs).overview.devicesStale
    expect(stale(nowMs + 119_000)).toBe(0)
    expect(stale(nowMs + 121_000)).toBe(2)
  })

  it('lists the busiest interfaces worst first, and no more than asked for', () => {
    const state = stateWith()
    const values = [0.1, 0.9, 0.5, undefined, 0.7, 0.3]
    const interfaces = values.map((utilisationOut, i) => port(`p${i}`, { utilisationOut, utilisationIn: 0.01 }))
    state.apply(device({ interfaces }, 1n), at, nowMs)
    expect(tilesOf(state, everything, 3, nowMs).worstInterfaces.map(tile => tile.ifName)).toEqual(['p1', 'p4', 'p2'])
  })

  it('sums ports, not what repeats them', () => {
    const state = stateWith()
    const interfaces = [
      port('a', { inBitsPerSecond: 5, outBitsPerSecond: 1 }),
      port('lag', { ifType: 161, inBitsPerSecond: 5, outBitsPerSecond: 1 }),
      port('vlan', { ifType: 135, inBitsPerSecond: 5 }),
    ]
    state.apply(device({ interfaces }, 1n), at, nowMs)
    const site = tilesOf(state, everything, 1, nowMs).sites.find(one => one.siteId === 'acme-hq')
    expect(site).toMatchObject({ inBitsPerSecond: 5, outBitsPerSecond: 1, devices: 1, devicesReachable: 1 })
  })

  it('shows the flow rates of a complete minute, and none of an exporter that fell silent', () => {
    const state = stateWith()
    const rates = (atMs: number) => tilesOf(state, everything, 1, atMs).exporters[0]
    state.apply(flows({ octets: 6_000n, packets: 60n, records: 6n, final: true }, 1n), at, nowMs)
    // The newest minute has only begun.
    state.apply(flows({ windowStartMs: BigInt(nowMs - 1_000), octets: 10n }, 2n), at, nowMs)
    expect(rates(nowMs)).toMatchObject({
      bitsPerSecond: 800,
      packetsPerSecond: 1,
      recordsPerSecond: 0.1,
      lastSeenMs: nowMs,
    })
    expect(rates(nowMs + 301_000)).toMatchObject({ bitsPerSecond: 0, lastSeenMs: nowMs })
    state.sweep(nowMs + 3_700_000)
    expect(rates(nowMs + 3_700_000)).toBeUndefined()
  })

  it('holds its bounds and counts what did not fit', () => {
    const state = stateWith({ interfacesMax: 2, exportersMax: 1, devicesMax: 2 })
    state.apply(device({ interfaces: [port('a'), port('b'), port('c')] }, 1n), at, nowMs)
    state.apply(device({ deviceId: 'another' }, 2n), at, nowMs)
    state.apply(flows({}, 3n), at, nowMs)
    state.apply(flows({ exporterId: 'acme/c1/192.0.2.2' }, 4n), at, nowMs)
    expect(state.counters).toMatchObject({ interfacesRefused: 1, devicesRefused: 1, exportersRefused: 1 })
    expect(state.interfaceCount).toBe(2)
  })

  it('tells the largest lag of the last seconds', () => {
    const { lag } = stateWith()
    lag.observe(4_000, nowMs)
    lag.observe(900, nowMs + 1_000)
    lag.observe(-5, nowMs + 2_000)
    expect(lag.read(nowMs + 2_000)).toBe(4_000)
    expect(lag.read(nowMs + 15_500)).toBe(900)
    expect(lag.read(nowMs + 999_000)).toBe(0)
  })
})

describe('minute ring', () => {
  const minute = (n: number) => nowMs + n * 60_000

  it('shows a gap as a gap, never as zero, and the maximum of a minute', () => {
    const ring = new MinuteRing()
    ring.set(minute(-5), minute(-5) + 1_000, 0.2)
    ring.set(minute(-5) + 1_000, minute(-5) + 30_000, 0.6)
    ring.set(minute(-2), minute(-2) + 1_000, 0.1)
    const values = ring.read(nowMs)
    expect(values).toHaveLength(60)
    expect(values.slice(-6)).toEqual([0.6, null, null, 0.1, null, null])
    expect(values.slice(0, 54).every(value => value === null)).toBe(true)
  })

  it('leaves no hole between polls that jitter around a minute', () => {
    const ring = new MinuteRing()
    const polls = [0, 59_900, 120_100, 179_950, 240_050].map(ms => minute(-10) + ms)
    for (let i = 1; i < polls.length; i++) ring.set(polls[i - 1]!, polls[i]!, 0.5)
    expect(ring.read(minute(-6)).slice(-5, -1)).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('forgets what is an hour old', () => {
    const ring = new MinuteRing()
    ring.set(minute(-61), minute(-61) + 1, 0.9)
    ring.set(minute(0), minute(0) + 1, 0.1)
    expect(ring.read(minute(0)).filter(value => value !== null)).toEqual([0.1])
    expect(ring.read(minute(59)).filter(value => value !== null)).toEqual([0.1])
    expect(ring.read(minute(60)).filter(value => value !== null)).toEqual([])
  })
})

it('fills the sparklines of what is shown from history after a start', async () => {
  const underTest = await startGateway({ withStore: true, config: { live: { tileIntervalMs: 100 } } })
  const windowStart = Math.floor(Date.now() / 60_000) * 60
  const rows = [10, 20, 30].map(minutes => ({
    window_start: windowStart - minutes * 60,
    tenant_id: 'acme',
    device_id: 'acme-core-1',
    interface_id: 'acme-core-1/a',
    in_octets: BigInt(minutes) * 750_000n,
    observed_ms: 60_000,
  }))
  await underTest.store.insert('interface_1m', blockOf('interface_1m', rows), 'rows')
  const value = {
    deviceId: 'acme-core-1',
    siteId: 'acme-hq',
    polledAtMs: BigInt(Date.now()),
    intervalMs: 60_000,
    reachable: true,
    interfaces: [port('a', { utilisationIn: 0.5, speedBitsPerSecond: 10_000_000n })],
  }
  await sendLive(underTest.bus, [liveRecord('acme', { case: 'device', value })])
  const client = await LiveClient.connect(underTest.address)
  const history = await until(() => {
    const values = client.last('tiles')?.tiles.worstInterfaces?.[0]?.history.filter(one => one !== null)
    return values && values.length > 1 && values
  }, 'the history')
  expect(history).toEqual([0.3, 0.2, 0.1, 0.5])
  await client.close()
  await underTest.dispose()
})
