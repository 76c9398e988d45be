import { describe, expect, it } from 'vitest'
import type { Alarm, Tiles } from '../../../../libs/model/src/index.ts'
import type { LinkState } from '../../web/src/state/connection.ts'
import { askingAlarms } from '../../web/src/state/explained.ts'
import { lastMinutes, linkSpanMinutes } from '../../web/src/state/links.ts'
import { parseScreen } from '../../web/src/state/screen.ts'
import { createWallStore, type WallStore } from '../../web/src/state/wall-store.ts'
import { type WallView, wallView } from '../../web/src/state/wall-view.ts'
import { alarm, floodAlarms, sampleAlarms, scenario } from './scenarios.ts'

const nowMs = Date.parse('2026-11-23T12:00:00Z')
const minuteMs = 60_000
const open: LinkState = { name: 'open', sinceMs: 0 }

function storeWith({ alarms, tiles }: { alarms: readonly Alarm[]; tiles: Tiles }): WallStore {
  const store = createWallStore()
  store.apply(
    {
      type: 'welcome',
      streamId: 's',
      offset: 5,
      serverTimeMs: nowMs,
      buildId: 'b1',
      heartbeatMs: 5_000,
      resumed: false,
    },
    nowMs,
  )
  store.apply({ type: 'snapshot', streamId: 's', offset: 5, serverTimeMs: nowMs, alarms: [...alarms], tiles }, nowMs)
  return store
}

interface Looking {
  link?: LinkState
  atMs?: number
  silentMs?: number
  rows?: number
  before?: WallView
}

function look(store: WallStore, { link = open, atMs = nowMs, silentMs = 0, rows = 5, before }: Looking = {}): WallView {
  return wallView({
    store,
    connection: { state: () => link, lastFrameMs: () => 1_000_000 - silentMs },
    screen: parseScreen(''),
    monotonicMs: 1_000_000,
    serverNowMs: atMs,
    driftMs: 0,
    alarmRows: rows,
    linkRows: 2,
    before,
  })
}

describe('verdict', () => {
  it('says how many are critical and at which sites', () => {
    const { verdict } = look(storeWith(scenario('storm', nowMs)))
    expect(verdict).toMatchObject({ tone: 'critical', headline: '2 critical', moreSites: 0 })
    expect(verdict.where).toEqual(['Acme Logistics Berlin', 'Brandt & Söhne Köln'])
  })

  it('says that all is clear, and how much it looked at', () => {
    expect(look(storeWith(scenario('calm', nowMs))).verdict).toMatchObject({
      tone: 'calm',
      headline: 'All clear',
      detail: '24 sites, 118 devices',
    })
  })

  it('waits for the first poll rather than calling an unseen network clear', () => {
    expect(look(storeWith(scenario('first-poll', nowMs))).verdict.headline).toBe('Waiting for the first poll')
    expect(look(storeWith(scenario('empty', nowMs))).verdict.headline).toBe('Waiting for the first poll')
  })

  it('claims nothing when the connection is gone or monitoring is blind', () => {
    const waiting: LinkState = { name: 'waiting', sinceMs: 0, retryAtMs: 0, why: '' }
    const calm = storeWith(scenario('calm', nowMs))
    expect(look(calm, { link: waiting, silentMs: 15_000 }).verdict.headline).toBe('State unknown')
    expect(look(storeWith(scenario('storm', nowMs)), { link: waiting, silentMs: 15_000 }).verdict.headline).toBe(
      'was 2 critical',
    )
    expect(look(storeWith(scenario('blind', nowMs))).verdict.headline).toBe('State unknown')
  })
})

describe('frame', () => {
  const frameOf = (looking: Looking) => look(storeWith(scenario('calm', nowMs)), looking).frame.name
  const waiting: LinkState = { name: 'waiting', sinceMs: 0, retryAtMs: 0, why: '' }

  it('is live while frames come', () => expect(frameOf({})).toBe('LIVE'))
  it('is delayed when a heartbeat is missing', () => expect(frameOf({ silentMs: 8_000 })).toBe('DELAYED'))
  it('is delayed when the summary is old', () => expect(frameOf({ atMs: nowMs + 21_000 })).toBe('DELAYED'))
  it('is disconnected three seconds after the socket went', () => {
    expect(frameOf({ link: waiting, silentMs: 1_000 })).toBe('DELAYED')
    expect(frameOf({ link: waiting, silentMs: 3_100 })).toBe('DISCONNECTED')
  })
  it('tells a screen that may not look', () => {
    expect(frameOf({ link: { name: 'refused', sinceMs: 0, retryAtMs: 1_030_000, code: 4403, why: '' } })).toBe(
      'NOT AUTHORISED',
    )
  })
  it('is delayed when the pipeline lags', () => {
    const { alarms, tiles } = scenario('calm', nowMs)
    const store = storeWith({ alarms, tiles: { ...tiles, overview: { ...tiles.overview!, pipelineLagMs: 45_000 } } })
    expect(look(store).frame).toEqual({ name: 'DELAYED', detail: 'lag 45 s' })
  })
})

describe('alarm list', () => {
  it('lists what nobody has taken, by severity, newest first; then what is taken and silenced', () => {
    const { list } = look(storeWith(scenario('storm', nowMs)), { rows: 6 })
    expect(list.rows.map(row => [row.what, row.severity, row.status])).toEqual([
      ['Site dark', 'critical', 'open'],
      ['Link saturation', 'critical', 'open'],
      ['Link flapping', 'major', 'open'],
      ['Link corruption', 'major', 'open'],
      ['Optic RX low', 'minor', 'open'],
      ['Beaconing', 'warning', 'open'],
    ])
    expect(list).toMatchObject({ hidden: 0, acknowledged: 1, silenced: 1, olderThanADay: 2 })
  })

  it('never shows more than six rows and counts the rest with its criticals', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      alarm(
        {
          type: 'link-down',
          severity: index < 12 ? 'critical' : 'minor',
          site: index % 24,
          device: `d${index}`,
          agoMs: 20 * minuteMs,
          summary: 'x',
          action: 'y',
        },
        nowMs,
      ),
    )
    const { list } = look(storeWith({ ...scenario('calm', nowMs), alarms: many }), { rows: 40 })
    expect(list.rows).toHaveLength(6)
    expect(list).toMatchObject({ hidden: 34, hiddenCritical: 6 })
  })

  it('knows where a client has one site only', () => {
    const calm = scenario('calm', nowMs)
    const sites = calm.tiles.sites!.filter(({ tenantId }, index) => index === 0 || tenantId !== 'acme-logistics')
    const alone = { alarms: scenario('storm', nowMs).alarms, tiles: { ...calm.tiles, sites } }
    const { rows } = look(storeWith(alone), { rows: 6 }).list
    expect(rows.find(({ where }) => where.tenant === 'Acme Logistics')?.where.onlySite).toBe(true)
    expect(rows.filter(({ where }) => where.onlySite)).toHaveLength(1)
  })

  it('draws the links over the shortest span that holds what was seen of them', () => {
    const [first, second] = look(storeWith(scenario('calm', nowMs))).links
    const seen = (minutes: number) => ({ ...first!, history: lastMinutes(Array(minutes).fill(0.5), 60) })
    expect([[], [seen(3)], [seen(3), seen(16)], [seen(3), second!]].map(linkSpanMinutes)).toEqual([5, 5, 30, 60])
    expect(lastMinutes([0.1, 0.2], 4)).toEqual([null, null, 0.1, 0.2])
    expect(lastMinutes([0.1, null, 0.2], 2)).toEqual([null, 0.2])
  })

  it('gives each row what, where, since, evidence and a next step', () => {
    const row = look(storeWith(scenario('storm', nowMs))).list.rows[1]!
    expect(row).toMatchObject({
      what: 'Link saturation',
      where: { tenant: 'Acme Logistics', site: 'Berlin', device: 'core-1', part: 'xe-0/0/3' },
      sinceMs: nowMs - 14 * minuteMs,
    })
    expect(row.evidence).toContain('97 % of 10 Gbit/s')
    expect(row.nextStep).toContain('Top talker')
  })

  it('says what was expected where the summary does not, and leaves out the port that stands above', () => {
    const saturated = alarm(
      {
        type: 'link-saturation',
        severity: 'major',
        site: 0,
        device: 'core-1',
        ifName: 'GigabitEthernet1/0/1',
        agoMs: 1,
        summary: "GigabitEthernet1/0/1 in: 97 % of the link's capacity in use over 15 minutes.",
        action: '',
        more: {
          evidence: {
            summary: "GigabitEthernet1/0/1 in: 97 % of the link's capacity in use over 15 minutes.",
            action: '',
            measured: { utilisationMean15Minutes: 0.97 },
            expected: { utilisationMean15Minutes: 0.8 },
          },
        },
      },
      nowMs,
    )
    const row = look(storeWith({ ...scenario('calm', nowMs), alarms: [saturated] })).list.rows[0]!
    expect(row.where.part).toBe('Gi1/0/1')
    expect(row.evidence).toBe("in: 97 % of the link's capacity in use over 15 minutes.")
    expect(row.expected).toBe('expected 80 %')
  })

  it('names who took an alarm and until when one is silenced', () => {
    const taken = sampleAlarms(nowMs).filter(one => one.operatorState === 'ack' || one.shelving === 'shelved')
    const { rows } = look(storeWith({ ...scenario('calm', nowMs), alarms: taken })).list
    expect(rows.map(row => [row.status, row.note])).toEqual([
      ['acknowledged', 'ack anna'],
      ['silenced', 'silenced until 12:40'],
    ])
  })

  it('shows a cleared alarm for three minutes where there is room', () => {
    const cleared = sampleAlarms(nowMs).filter(one => one.isCleared)
    const store = storeWith({ ...scenario('calm', nowMs), alarms: cleared })
    expect(look(store).list.rows.map(row => row.status)).toEqual(['cleared'])
    expect(look(store, { atMs: nowMs + 4 * minuteMs }).list.rows).toEqual([])
  })

  it('makes one row of the alarms of an incident', () => {
    const two = sampleAlarms(nowMs)
      .slice(0, 2)
      .map(one => ({ ...one, tenantId: 'acme-logistics', incidentId: 'i1' }))
    const { rows } = look(storeWith({ ...scenario('calm', nowMs), alarms: two })).list
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ what: 'Site dark', note: '+1 related', alarms: 2 })
  })

  it('shows an alarm that changes too often once, as flapping', () => {
    const store = storeWith(scenario('calm', nowMs))
    const one = sampleAlarms(nowMs)[2]!
    for (let turn = 0; turn < 5; turn++) {
      store.apply(
        {
          type: 'alarm',
          offset: 6 + turn,
          serverTimeMs: nowMs,
          alarm: { ...one, rev: turn + 2, isCleared: turn % 2 === 1 },
        },
        nowMs + turn * 20_000,
      )
    }
    const { rows } = look(store, { atMs: nowMs + minuteMs }).list
    expect(rows.map(row => row.note)).toEqual(['flapping (4)'])
  })

  it('never lets an older revision replace a newer one', () => {
    const store = storeWith(scenario('calm', nowMs))
    const one = sampleAlarms(nowMs)[0]!
    store.apply(
      {
        type: 'alarm',
        offset: 6,
        serverTimeMs: nowMs,
        alarm: { ...one, rev: 4, isCleared: true, clearedAt: new Date(nowMs).toISOString() },
      },
      nowMs,
    )
    store.apply({ type: 'alarm', offset: 7, serverTimeMs: nowMs, alarm: { ...one, rev: 3 } }, nowMs)
    expect(store.alarms.get(one.alarmId)?.isCleared).toBe(true)
  })
})

describe('flood', () => {
  it('makes a row of each site and says so', () => {
    const view = look(storeWith(scenario('flood', nowMs)))
    expect(view.flood).toEqual({ active: true, newAlarms: 47 })
    expect(view.list.rows[0]).toMatchObject({
      what: '34 alarms',
      severity: 'critical',
      alarms: 34,
      where: { device: '', part: '' },
    })
    expect(view.list.rows[0]!.evidence).toBe('12 device unreachable, 11 link down, 11 peer down')
  })

  it('ends below five in ten minutes, not at ten', () => {
    const few = floodAlarms(nowMs).slice(0, 7)
    const store = storeWith({ ...scenario('calm', nowMs), alarms: few })
    expect(look(store).flood.active).toBe(false)
    const before = look(storeWith(scenario('flood', nowMs)))
    expect(look(store, { before }).flood.active).toBe(true)
  })
})

describe('sites', () => {
  it('keep their places whatever happens at them', () => {
    const order = (name: 'calm' | 'storm') => look(storeWith(scenario(name, nowMs))).cells.map(cell => cell.key)
    expect(order('storm')).toEqual(order('calm'))
  })

  it('are named worst first, stale ones last', () => {
    const view = look(storeWith(scenario('stale', nowMs)))
    expect(view.notable.map(cell => [cell.site, cell.state, cell.worst])).toEqual([
      ['Berlin', 'alarmed', 'critical'],
      ['Lyon', 'alarmed', 'major'],
      ['Köln', 'alarmed', 'major'],
      ['Köln', 'stale', null],
      ['Berlin', 'stale', null],
    ])
  })

  it('go stale one by one, after two intervals without a poll', () => {
    const store = storeWith(scenario('calm', nowMs))
    expect(look(store, { atMs: nowMs + 55_000 }).cells.filter(cell => cell.state === 'stale')).toHaveLength(0)
    const fresh = scenario('calm', nowMs + 80_000).tiles.sites!.slice(1)
    store.apply({ type: 'tiles', serverTimeMs: nowMs, tiles: { sites: fresh } }, nowMs + 80_000)
    const stale = look(store, { atMs: nowMs + 80_000 }).cells.filter(cell => cell.state === 'stale')
    expect(stale.map(cell => [cell.key, cell.ageMs])).toEqual([['acme-logistics/site-0', 84_000]])
  })

  it('do not count what somebody has taken', () => {
    const acked = sampleAlarms(nowMs).filter(one => one.operatorState === 'ack')
    const view = look(storeWith({ ...scenario('calm', nowMs), alarms: acked }))
    expect(view.notable).toEqual([])
    expect(view.verdict.headline).toBe('All clear')
  })
})

describe('links', () => {
  it('show the fuller direction, in fixed units, and go stale on their own', () => {
    const view = look(storeWith(scenario('stale', nowMs)))
    expect(view.links.map(link => [link.figure, link.direction, link.rate, link.freshness.stale])).toEqual([
      ['97 %', 'in', '9.70 Gbit/s', false],
      ['88 %', 'in', '880 Mbit/s', true],
    ])
  })

  it('say that more than the speed cannot be', () => {
    const { tiles, alarms } = scenario('calm', nowMs)
    const worstInterfaces = [{ ...tiles.worstInterfaces![0]!, utilisationIn: 1.7 }]
    expect(look(storeWith({ alarms, tiles: { ...tiles, worstInterfaces } })).links[0]).toMatchObject({
      figure: '>100 %',
      impossible: true,
    })
  })

  it('keep their order for a while, so that they can be read', () => {
    const { tiles, alarms } = scenario('calm', nowMs)
    const store = storeWith({ alarms, tiles })
    const before = store.worstInterfaces().map(tile => tile.interfaceId)
    const turned = [...tiles.worstInterfaces!].reverse()
    store.apply({ type: 'tiles', serverTimeMs: nowMs, tiles: { worstInterfaces: turned } }, nowMs + 5_000)
    expect(store.worstInterfaces().map(tile => tile.interfaceId)).toEqual(before)
    store.apply({ type: 'tiles', serverTimeMs: nowMs, tiles: { worstInterfaces: turned } }, nowMs + 16_000)
    expect(store.worstInterfaces().map(tile => tile.interfaceId)).toEqual(before.toReversed())
  })
})

describe('alarms that another one explains', () => {
  const at = (
    type: Alarm['alarmTypeId'],
    severity: Alarm['perceivedSeverity'],
    device: string,
    more: Partial<Alarm> = {},
  ) =>
    alarm(
      { type, severity, site: 3, device, agoMs: 60_000, summary: `${type} of ${device}`, action: 'Look.', more },
      nowMs,
    )
  const dark = at('site-dark', 'critical', '', { resource: 'site/site-3', deviceId: null, alarmId: 'dark' })
  const devices = Array.from({ length: 30 }, (_, i) =>
    at('device-unreachable', 'critical', `sw-${i}`, { alarmId: `sw-${i}` }),
  )
  const link = at('link-down', 'critical', 'sw-1', { resource: 'interface/sw-1/eth0', alarmId: 'link' })
  const calm = scenario('calm', nowMs)

  it('F72: a dark site is one row, one critical, no flood and no sound for each device; what it explains is counted', () => {
    const alarms = [...devices, link, dark]
    const { list, verdict, flood, unattendedCritical, cells } = look(storeWith({ ...calm, alarms }))
    expect(list.rows.map(row => [row.what, row.note, row.alarms, row.evidence])).toEqual([
      ['Site dark', '+31 related', 32, 'site-dark of'],
    ])
    expect(list).toMatchObject({ open: 1, hidden: 0 })
    expect(verdict.headline).toBe('1 critical')
    expect(flood).toEqual({ active: false, newAlarms: 1 })
    expect(unattendedCritical).toBe(1)
    expect(cells.filter(cell => cell.count > 0)).toMatchObject([{ worst: 'critical', count: 1 }])
    expect(askingAlarms(alarms).map(one => one.alarmId)).toEqual(['dark'])
  })

  it('do not make their cause older than it is', () => {
    const early = at('power-on-battery', 'major', 'ups', {
      raisedAt: new Date(nowMs - 900_000).toISOString(),
      alarmId: 'u',
    })
    const { list } = look(storeWith({ ...calm, alarms: [early, dark] }))
    expect(list.rows.map(row => [row.what, row.sinceMs])).toEqual([['Site dark', nowMs - 60_000]])
  })

  it('say in the tile of flows how many exporters wait for adoption', () => {
    const context = (counts: object): string | undefined => {
      const overview = { ...calm.tiles.overview!, ...counts }
      const { vitals } = look(storeWith({ alarms: [], tiles: { ...calm.tiles, overview } }))
      return vitals.find(vital => vital.key === 'last-flow')?.context
    }
    expect(context({ exporters: 5, exportersWaiting: 2 })).toBe('5 exporters, 2 new')
    expect(context({ exporters: 1, exportersWaiting: 0 })).toBe('1 exporter')
  })

  it('say in the tile of devices why they do not answer, worst first', () => {
    const context = (counts: object): string | undefined => {
      const overview = { ...calm.tiles.overview!, ...counts }
      const { vitals } = look(storeWith({ alarms: [], tiles: { ...calm.tiles, overview } }))
      return vitals.find(vital => vital.key === 'devices')?.context
    }
    expect(context({ devicesDown: 5, devicesSnmpFailing: 1 })).toBe('5 down')
    expect(context({ devicesDown: 5, devicesStale: 2 })).toBe('5 down, 2 stale')
    expect(context({ devicesSnmpFailing: 1 })).toBe('1 without SNMP')
    expect(context({})).toMatch(/^polled/)
  })

  it('ask again when their cause is over', () => {
    const over = { ...dark, isCleared: true, clearedAt: new Date(nowMs - 400_000).toISOString() }
    const { verdict } = look(storeWith({ ...calm, alarms: [over, ...devices.slice(0, 2), link] }))
    // The link hangs on its device.
    expect(verdict.headline).toBe('2 critical')
  })

  it('stand behind a blind poller, which the banner tells once for all clients', () => {
    const blind = ['t-0', 't-1'].map(tenantId =>
      at('telemetry-stale', 'critical', '', {
        ...{ tenantId, alarmId: `blind-${tenantId}`, resource: 'poller/p1', deviceId: null, siteId: null },
        evidence: { summary: 'Monitoring is blind: x', action: 'Look.', measured: {}, expected: {} },
      }),
    )
    expect(look(storeWith({ ...calm, alarms: blind })).blind).toEqual({
      level: 'blind',
      reasons: ['Monitoring is blind: x'],
    })
    const { list: one } = look(storeWith({ ...calm, alarms: blind }))
    expect(one.rows.map(row => [row.where.part, row.note])).toEqual([['monitoring: poller p1', '+1 related']])
    expect(one.open).toBe(1)
    const own = at('telemetry-stale', 'critical', '', { ...blind[0]!, tenantId: dark.tenantId, alarmId: 'own' })
    const { list } = look(storeWith({ ...calm, alarms: [own, dark, ...devices] }))
    expect(list.rows.map(row => [row.what, row.where.part, row.note])).toEqual([
      ['Telemetry stale', 'monitoring: poller p1', '+31 related'],
    ])
  })
})

describe('blindness', () => {
  it('is the first thing said when no flow comes or polls stop', () => {
    expect(look(storeWith(scenario('calm', nowMs))).blind).toBeNull()
    expect(look(storeWith(scenario('blind', nowMs))).blind).toEqual({ level: 'blind', reasons: ['no flows for 6 min'] })
    const calm = storeWith(scenario('calm', nowMs))
    expect(look(calm, { atMs: nowMs + 120_000 }).blind?.reasons).toContain('polls overdue on 118 of 118 devices')
  })

  it('counts silent exporters', () => {
    const { tiles, alarms } = scenario('calm', nowMs)
    const exporters = tiles.exporters!.map((exporter, index) =>
      index < 3 ? { ...exporter, lastSeenMs: nowMs - 400_000 } : exporter,
    )
    expect(look(storeWith({ alarms, tiles: { ...tiles, exporters } })).blind).toEqual({
      level: 'partly',
      reasons: ['no flows from 3 of 12 exporters'],
    })
  })
})

describe('a reload', () => {
  it('says how many events were missed', () => {
    const store = storeWith(scenario('calm', nowMs))
    store.apply({ type: 'snapshot', streamId: 's', offset: 9, serverTimeMs: nowMs, alarms: [], tiles: {} }, nowMs)
    expect(look(store).notice).toBe('4 events missed, reloaded')
    store.apply({ type: 'snapshot', streamId: 't', offset: 1, serverTimeMs: nowMs, alarms: [], tiles: {} }, nowMs)
    expect(look(store).notice).toBe('gateway restarted, reloaded')
    expect(look(store, { atMs: nowMs + 2 * minuteMs }).notice).toBe('')
  })

  it('keeps nothing of the stream before', () => {
    const store = storeWith(scenario('storm', nowMs))
    store.apply({ type: 'snapshot', streamId: 't', offset: 1, serverTimeMs: nowMs, alarms: [], tiles: {} }, nowMs)
    expect(store.alarms.size + store.sites.size + store.exporters.size).toBe(0)
  })
})

describe('memory', () => {
  it('holds no more alarms than its bound, however many come, and gives up cleared ones first', () => {
    const store = storeWith(scenario('calm', nowMs))
    const one = sampleAlarms(nowMs)[0]!
    for (let index = 0; index < 7_000; index++) {
      store.apply(
        {
          type: 'alarm',
          offset: 6 + index,
          serverTimeMs: nowMs,
          alarm: { ...one, alarmId: `a${index}`, isCleared: index < 3_000 },
        },
        nowMs,
      )
    }
    expect(store.alarms.size).toBe(5_000)
    expect([...store.alarms.values()].filter(each => !each.isCleared)).toHaveLength(4_000)
    expect(store.overflow()).toBe(0)
  })

  it('forgets what was cleared an hour ago', () => {
    const store = storeWith(scenario('storm', nowMs))
    const before = store.alarms.size
    store.forgetOld(nowMs + 2 * 3_600_000)
    expect(store.alarms.size).toBe(before - 1)
  })
})
