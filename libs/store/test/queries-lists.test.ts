import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allTenants,
  listAlarmEvents,
  listAlarmHistory,
  listDevices,
  listExporters,
  listInterfaces,
  type Page,
} from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf, type SampleRow } from './sample-blocks.ts'

const nowMs = Date.now()
const tenants = ['acme', 'zeta']

describe('list queries', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(async () => {
    await store.start()
    const devices: SampleRow[] = Array.from({ length: 25 }, (_, i) => ({
      tenant_id: tenants[i % 2]!,
      device_id: `r${String(i).padStart(2, '0')}`,
      site_id: `s${i % 3}`,
      sys_name: 'old',
      polled_at: nowMs,
      rev: 1n,
    }))
    await store.insert('devices', blockOf('devices', devices), 'd1')
    const newer = devices.slice(0, 5).map(row => ({ ...row, sys_name: 'new', rev: 2n }))
    await store.insert('devices', blockOf('devices', newer), 'd2')
    const interfaces: SampleRow[] = devices.flatMap(device =>
      [1, 2, 3].map(i => ({
        tenant_id: device.tenant_id!,
        device_id: device.device_id!,
        interface_id: `${device.device_id}/ge-${i}`,
        if_index: i,
        speed_bits_per_second: 10_000_000_000n,
        polled_at: nowMs,
        rev: 1n,
      })),
    )
    await store.insert('interfaces', blockOf('interfaces', interfaces), 'i1')
    const events: SampleRow[] = Array.from({ length: 40 }, (_, i) => ({
      tenant_id: tenants[i % 2]!,
      alarm_id: `00000000-0000-5000-8000-0000000000${String(i % 10).padStart(2, '0')}`,
      seq: Math.floor(i / 10),
      // Pairs share their time, so that pages must tell equal times apart.
      event_time: nowMs - 86_400_000 + Math.floor(i / 2) * 1000,
      alarm_type: i % 4 === 0 ? 'link-down' : 'optic-rx-low',
      device_id: i % 3 === 0 ? '' : 'r01',
      alarm_json: JSON.stringify({ rev: Math.floor(i / 10) }),
    }))
    await store.insert('alarm_events', blockOf('alarm_events', events), 'e1')
    const traffic = ['a', 'b', 'c'].map(name => ({
      window_start: Math.floor(nowMs / 60_000) * 60,
      tenant_id: 'acme',
      exporter_id: `acme/c/${name}`,
      octets: 7n,
      records: 2n,
      unscaled_records: 1n,
    }))
    await store.insert('flow_1m', blockOf('flow_1m', traffic), 'f1')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  async function everyPage<Item>(list: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
    const items: Item[] = []
    let cursor: string | undefined
    for (let pages = 0; pages < 100; pages++) {
      const page = await list(cursor)
      items.push(...page.items)
      if (page.nextCursor === null) return items
      cursor = page.nextCursor
    }
    throw new Error('the list does not end')
  }

  it('page through devices, each once and as last polled', async () => {
    const all = await everyPage(cursor => listDevices(store, { tenants: allTenants, cursor, limit: 4 }))
    expect(all).toHaveLength(25)
    expect(new Set(all.map(device => device.deviceId)).size).toBe(25)
    expect(
      all
        .filter(device => device.sysName === 'new')
        .map(device => device.deviceId)
        .sort(),
    ).toEqual(['r00', 'r01', 'r02', 'r03', 'r04'])
    expect(all[0]!.polledAt).toBe(new Date(nowMs).toISOString())
    const some = await everyPage(cursor => listDevices(store, { tenants: ['zeta'], siteIds: ['s1'], cursor, limit: 2 }))
    expect(some.map(device => device.deviceId)).toEqual(['r01', 'r07', 'r13', 'r19'])
  })

  it('page through interfaces', async () => {
    const all = await everyPage(cursor => listInterfaces(store, { tenants, cursor, limit: 7 }))
    expect(all).toHaveLength(75)
    const one = await listInterfaces(store, { tenants: ['acme'], deviceIds: ['r02'] })
    expect(one.items.map(item => item.interfaceId)).toEqual(['r02/ge-1', 'r02/ge-2', 'r02/ge-3'])
    expect(one.items[0]).toMatchObject({ ifIndex: 1, speedBitsPerSecond: '10000000000' })
    const foreign = await listInterfaces(store, { tenants: ['zeta'], deviceIds: ['r02'] })
    expect(foreign.items).toEqual([])
  })

  it('page through alarm events, newest first, also where times are equal', async () => {
    const all = await everyPage(cursor => listAlarmEvents(store, { tenants, cursor, limit: 3 }))
    expect(all).toHaveLength(40)
    expect(new Set(all.map(event => `${event.alarmId}/${event.seq}`)).size).toBe(40)
    const times = all.map(event => event.eventTime)
    expect(times).toEqual([...times].sort().reverse())
    const some = await listAlarmEvents(store, { tenants: ['acme'], alarmTypes: ['link-down'], deviceIds: ['r01'] })
    expect(some.items.length).toBe(6)
    const range = { fromMs: nowMs - 86_400_000 + 5_000, toMs: nowMs - 86_400_000 + 7_000 }
    expect((await listAlarmEvents(store, { tenants, range })).items).toHaveLength(4)
  })

  it('give each alarm once, as its newest event left it', async () => {
    const all = await everyPage(cursor => listAlarmHistory(store, { tenants, cursor, limit: 3 }))
    expect(all).toHaveLength(10)
    expect(all.every(item => (item.alarm as { rev: number }).rev === 3)).toBe(true)
    expect((await listAlarmHistory(store, { tenants: ['acme'] })).items).toHaveLength(5)
  })

  it('name exporters with traffic', async () => {
    const all = await everyPage(cursor => listExporters(store, { tenants: ['acme'], cursor, limit: 2 }))
    expect(all.map(one => one.exporterId)).toEqual(['acme/c/a', 'acme/c/b', 'acme/c/c'])
    expect(all[0]).toMatchObject({ octets: '7', records: '2', unscaledRecords: '1' })
    expect((await listExporters(store, { tenants: ['zeta'] })).items).toEqual([])
  })

  it('refuse a cursor of another list', async () => {
    const { nextCursor } = await listDevices(store, { tenants, limit: 1 })
    for (const cursor of [nextCursor!, 'bm90IGpzb24', '%%%']) {
      await expect(listInterfaces(store, { tenants, cursor })).rejects.toMatchObject({ code: 'store-rejected' })
    }
  })
})
