import { describe, expect, it } from 'vitest'
import { type Alarm, alarmId, alarmSchema, type SignalRecord } from '../../model/src/index.ts'
import {
  advance,
  alarmConfigSchema,
  applySignal,
  emptyAlarms,
  foldEvents,
  openAlarms,
  type TenantAlarms,
} from '../src/index.ts'
import { action, condition, left, minute, startMs, timeOf } from './signals.ts'

/** Feeds signals and times (numbers: advance to that many milliseconds after the start). */
function run(
  inputs: (SignalRecord | number)[],
  config = alarmConfigSchema.parse({}),
  state: TenantAlarms = emptyAlarms('acme'),
) {
  const outcomes = inputs.map(input =>
    typeof input === 'number'
      ? advance(state, startMs + input, config)
      : applySignal(state, input, timeOf(input), config),
  )
  const events = outcomes.flatMap(one => one.events)
  return {
    state,
    outcomes,
    events,
    path: events.map(event => `${event.axis}:${event.from}>${event.to}`),
    alarms: new Map(outcomes.flatMap(one => one.alarms.map(alarm => [alarm.alarmId, alarm]))),
  }
}

function only(alarms: Map<string, Alarm>): Alarm {
  expect(alarms.size).toBe(1)
  return [...alarms.values()][0]!
}

describe('a device that left the inventory', () => {
  it('takes what was said of it along, and of no other', () => {
    const { alarms, state } = run([
      condition({ at: 5_000 }),
      condition({ at: 5_000, type: 'device-unreachable', resource: 'device/sw1' }),
      condition({ at: 5_000, device: 'sw2' }),
      left('sw1', 60_000),
      10 * minute,
    ])
    const byResource = Object.fromEntries([...alarms.values()].map(one => [one.resource, one.isCleared]))
    expect(byResource).toEqual({ 'interface/sw1/eth0': true, 'device/sw1': true, 'interface/sw2/eth0': false })
    const again = run([condition({ at: 11 * minute })], undefined, state)
    expect(only(again.alarms)).toMatchObject({ isCleared: false, occurrences: expect.any(Number) })
  })
})

describe('condition axis', () => {
  it('raises a link down at once, holds its clear and clears it', () => {
    const { alarms, path, events } = run([
      condition({ at: 5_000 }),
      condition({ at: 60_000, state: 'cleared' }),
      3 * minute - 1,
      3 * minute,
    ])
    expect(path).toEqual(['condition:normal>active', 'condition:active>clearing', 'condition:clearing>cleared'])
    const alarm = only(alarms)
    expect(alarmSchema.parse(alarm)).toEqual(alarm)
    expect(alarm).toMatchObject({
      alarmId: alarmId('acme', 'link-down', 'interface/sw1/eth0', '', startMs),
      perceivedSeverity: 'major',
      isCleared: true,
      condition: 'cleared',
      deviceId: 'sw1',
      siteId: 'hq',
      raisedAt: '2026-01-05T12:00:05.000Z',
      clearedAt: '2026-01-05T12:03:00.000Z',
      occurrences: 1,
      rev: 2,
    })
    expect(events.map(event => event.seq)).toEqual([0, 1, 2])
    expect(events[0]).toMatchObject({ cause: expect.stringMatching(/^weir\.polls\.v1\/3\/\d+$/), note: '' })
  })

  it('holds a clear for a quarter of the time it was active, a quarter of an hour at most', () => {
    const clearedAt = (activeMs: number) =>
      only(run([condition({ at: 0 }), condition({ at: activeMs, state: 'cleared' }), activeMs + 3_600_000]).alarms)
        .clearedAt
    expect(clearedAt(20 * minute)).toBe('2026-01-05T12:25:00.000Z')
    expect(clearedAt(300 * minute)).toBe('2026-01-05T17:15:00.000Z')
  })

  it('waits for what must hold first, and forgets what did not', () => {
    const saturation = (at: number, state = 'active') =>
      condition({ at, state, type: 'link-saturation', qualifier: 'in' })
    const raised = run([saturation(10_000), 69_999, 70_000])
    expect(raised.outcomes.map(one => one.events.length)).toEqual([0, 0, 1])
    expect(raised.path).toEqual(['condition:pending>active'])
    expect(only(raised.alarms).raisedAt).toBe('2026-01-05T12:01:10.000Z')
    const forgotten = run([saturation(10_000), saturation(30_000, 'cleared'), 600_000])
    expect(forgotten.events).toEqual([])
    expect(forgotten.state.cells.size).toBe(0)
  })

  it('shows what a message says as unconfirmed, and is active once a detector agrees: one alarm', () => {
    const told = condition({ at: 5_000, state: 'unconfirmed', severity: 'minor', summary: 'its device says so' })
    const { alarms, path, events } = run([
      told,
      condition({ at: 6_000, severity: 'critical' }),
      condition({ at: 7_000, state: 'unconfirmed' }),
      condition({ at: 8_000, state: 'retracted' }),
      10 * minute,
    ])
    expect(path).toEqual(['condition:normal>unconfirmed', 'condition:unconfirmed>active', 'severity:minor>critical'])
    expect(events[0]).toMatchObject({ evidence: { summary: 'its device says so' }, perceivedSeverity: 'minor' })
    expect(only(alarms)).toMatchObject({
      alarmId: alarmId('acme', 'link-down', 'interface/sw1/eth0', '', startMs),
      condition: 'active',
      perceivedSeverity: 'critical',
      occurrences: 1,
      isCleared: false,
      raisedAt: '2026-01-05T12:00:05.000Z',
    })
  })

  it('drops what no detector confirmed in time, and what its sender took back', () => {
    const unconfirmed = (at: number) => condition({ at, state: 'unconfirmed' })
    const late = run([unconfirmed(5_000), condition({ at: 9_000, state: 'cleared' }), 94_999, 95_000])
    expect(late.path).toEqual(['condition:normal>unconfirmed', 'condition:unconfirmed>cleared'])
    expect(late.events[1]).toMatchObject({ note: 'not confirmed', eventTime: '2026-01-05T12:01:35.000Z' })
    const back = run([unconfirmed(5_000), condition({ at: 9_000, state: 'retracted' })])
    expect(back.events[1]).toMatchObject({ note: 'taken back', eventTime: '2026-01-05T12:00:09.000Z' })
    // A retraction of what nobody said, or of what was measured, is nothing.
    expect(run([condition({ at: 0, state: 'retracted' })]).events).toEqual([])
    expect(run([condition({ at: 0 }), condition({ at: 1, state: 'retracted' })]).path).toEqual([
      'condition:normal>active',
    ])
  })

  it('counts no message as a flap, nor freezes what nobody has seen', () => {
    const told = Array.from({ length: 20 }, (_, i) => [
      condition({ at: i * 1_000, state: 'unconfirmed' }),
      condition({ at: i * 1_000 + 500, state: 'retracted' }),
    ]).flat()
    expect(run(told).path.filter(step => step.includes('flapping'))).toEqual([])
    const stale = condition({ at: 10_000, type: 'telemetry-stale', resource: 'device/sw1' })
    const { path } = run([condition({ at: 0, state: 'unconfirmed' }), stale, 2 * minute])
    expect(path).toContain('condition:unconfirmed>cleared')
    expect(path).not.toContain('condition:unconfirmed>unknown')
  })

  it('is the same alarm when raised again within a quarter of an hour, another one later', () => {
    const again = run([
      condition({ at: 0 }),
      condition({ at: minute, state: 'cleared' }),
      condition({ at: 10 * minute }),
    ])
    expect(only(again.alarms)).toMatchObject({
      isCleared: false,
      clearedAt: null,
      condition: 'active',
      occurrences: 2,
      rev: 3,
    })
    const later = run([
      condition({ at: 0 }),
      condition({ at: minute, state: 'cleared' }),
      condition({ at: 60 * minute }),
    ])
    expect(later.alarms.size).toBe(2)
    expect([...later.alarms.values()].map(alarm => [alarm.isCleared, alarm.occurrences, alarm.rev])).toEqual([
      [true, 1, 2],
      [false, 1, 0],
    ])
    expect(openAlarms(later.state)).toHaveLength(1)
  })

  it('never gives an id twice, even when the raising window is the same', () => {
    const window = { windowStartMs: startMs }
    const { alarms } = run([
      condition({ at: 0, ...window }),
      condition({ at: minute, state: 'cleared' }),
      condition({ at: 60 * minute, ...window }),
    ])
    expect(only(alarms)).toMatchObject({ occurrences: 2, rev: 3 })
  })

  it('changes severity and evidence in place', () => {
    const { alarms, path } = run([
      condition({ at: 0 }),
      condition({ at: 1_000 }),
      condition({ at: 2_000, severity: 'critical', summary: 'worse' }),
      condition({ at: 3_000, severity: 'critical', summary: 'other words' }),
    ])
    expect(path).toEqual(['condition:normal>active', 'severity:major>critical', 'evidence:>'])
    expect(only(alarms)).toMatchObject({ perceivedSeverity: 'critical', evidence: { summary: 'other words' }, rev: 2 })
  })

  it('is one flapping alarm for a link that goes up and down every second', () => {
    const toggles = Array.from({ length: 600 }, (_, second) =>
      condition({ at: second * 1_000, state: second % 2 ? 'cleared' : 'active' }),
    )
    const { alarms, events } = run([...toggles, 599_000 + 15 * minute - 1])
    expect(only(alarms)).toMatchObject({ condition: 'flapping', isCleared: false })
    expect(events.length).toBeLessThan(12)
    const quiet = run([...toggles, 599_000 + 15 * minute])
    expect(only(quiet.alarms)).toMatchObject({ condition: 'cleared', isCleared: true })
  })

  it('is active again when it stays active after flapping', () => {
    const toggles = Array.from({ length: 8 }, (_, i) =>
      condition({ at: i * 30_000, state: i % 2 ? 'cleared' : 'active' }),
    )
    const { alarms, path } = run([...toggles, condition({ at: 240_000 }), 240_000 + 15 * minute])
    expect(path.slice(-2)).toEqual(['condition:active>flapping', 'condition:flapping>active'])
    expect(only(alarms)).toMatchObject({ isCleared: false, condition: 'active' })
  })

  it("leaves a device's alarms alone when its flows fall silent, and those of its flows when its polls do", () => {
    const silent = { type: 'telemetry-stale', severity: 'warning', resource: 'exporter/acme/c1/192.0.2.1' } as const
    const { path } = run([
      condition({ at: 0 }),
      condition({ at: 0, type: 'export-loss', resource: silent.resource }),
      condition({ at: minute, ...silent }),
      condition({ at: 2 * minute, ...silent, resource: 'device/sw1' }),
    ])
    expect(path.filter(step => step.includes('unknown'))).toEqual(['condition:active>unknown'])
  })

  it('knows nothing while telemetry is stale, and goes on from where it stood', () => {
    const stale = (at: number, state: string) =>
      condition({ at, state, type: 'telemetry-stale', resource: 'device/sw1', severity: 'warning' })
    const { path, alarms } = run([
      condition({ at: 0 }),
      condition({ at: 0, resource: 'interface/sw2/eth0', device: 'sw2' }),
      condition({ at: minute, state: 'cleared' }),
      stale(2 * minute, 'active'),
      30 * minute,
      stale(32 * minute, 'cleared'),
      33 * minute,
    ])
    expect(path).toEqual([
      'condition:normal>active',
      'condition:normal>active',
      'condition:active>clearing',
      'condition:normal>active',
      'condition:clearing>unknown',
      'condition:active>clearing',
      'condition:unknown>clearing',
      'condition:clearing>cleared',
    ])
    expect([...alarms.values()].find(alarm => alarm.resource === 'interface/sw1/eth0')!.clearedAt).toBe(
      '2026-01-05T12:33:00.000Z',
    )
  })

  it('takes unknown from a detector, and data as the end of it', () => {
    const { path } = run([
      condition({ at: 0 }),
      condition({ at: 1_000, state: 'unknown' }),
      60 * minute,
      condition({ at: 61 * minute }),
    ])
    expect(path).toEqual(['condition:normal>active', 'condition:active>unknown', 'condition:unknown>active'])
  })
})

describe('operator axis and shelving', () => {
  const id = alarmId('acme', 'link-down', 'interface/sw1/eth0', '', startMs)

  it('acknowledges, comments, closes and takes back', () => {
    const { path, alarms, events, outcomes } = run([
      condition({ at: 0 }),
      action('acknowledge', id, 1_000, { note: 'on it' }),
      action('acknowledge', id, 2_000),
      action('comment', id, 3_000, { note: 'spare ordered', by: 'bob' }),
      action('unacknowledge', id, 4_000),
      action('close', id, 5_000),
      action('acknowledge', 'no-such-alarm', 6_000),
    ])
    expect(path.slice(1)).toEqual([
      'operator:none>ack',
      'operator:ack>ack',
      'operator:ack>none',
      'operator:none>closed',
    ])
    expect(events[1]).toMatchObject({ cause: 'user:ada', note: 'on it' })
    expect(foldEvents(events.slice(0, 3))).toMatchObject({ operatorState: 'ack', acknowledgedBy: 'ada' })
    expect(only(alarms)).toMatchObject({ operatorState: 'closed', isCleared: false })
    expect(outcomes.map(one => one.dropped)).toEqual([
      undefined,
      undefined,
      'no-change',
      undefined,
      undefined,
      undefined,
      'alarm-unknown',
    ])
  })

  it('applies an action once', () => {
    const comment = () => action('comment', id, 1_000, { id: 'a-1', note: 'hello' })
    expect(run([condition({ at: 0 }), comment(), comment()]).path).toEqual([
      'condition:normal>active',
      'operator:none>none',
    ])
  })

  it('asks again when an acknowledged alarm comes back worse, and not when it comes back', () => {
    const cycle = (severity: string) =>
      run([
        condition({ at: 0 }),
        action('acknowledge', id, 1_000),
        condition({ at: minute, state: 'cleared' }),
        condition({ at: 5 * minute, severity }),
      ])
    expect(only(cycle('major').alarms)).toMatchObject({ operatorState: 'ack', acknowledgedBy: 'ada' })
    expect(only(cycle('critical').alarms)).toMatchObject({
      operatorState: 'none',
      acknowledgedBy: null,
      perceivedSeverity: 'critical',
    })
  })

  it('shelves for a time, 30 days at most, and unshelves by itself', () => {
    const { path, alarms } = run([condition({ at: 0 }), action('shelve', id, 1_000, { until: minute }), minute])
    expect(path.slice(1)).toEqual(['shelving:unshelved>shelved', 'shelving:shelved>unshelved'])
    expect(only(alarms)).toMatchObject({ shelving: 'unshelved', shelvedUntil: null })
    const long = run([condition({ at: 0 }), action('shelve', id, 0, { until: 400 * 86_400_000 })])
    expect(only(long.alarms)).toMatchObject({ shelving: 'shelved', shelvedUntil: '2026-02-04T12:00:00.000Z' })
  })
})

describe('signals', () => {
  it('drops what it has seen, by log, partition, offset and ordinal', () => {
    const at = (offset: bigint, ordinal: number, state: string, rest = {}) =>
      condition({ at: Number(offset) * 1_000, state }, { offset, ordinal, ...rest })
    const { outcomes } = run([
      at(10n, 1, 'active'),
      at(10n, 1, 'cleared'),
      at(10n, 0, 'cleared'),
      at(9n, 5, 'cleared'),
      at(10n, 2, 'cleared'),
      at(4n, 0, 'active', { partition: 4 }),
      at(4n, 0, 'active', { logId: 'recreated' }),
    ])
    expect(outcomes.map(one => one.dropped)).toEqual([
      undefined,
      'seen',
      'seen',
      'seen',
      undefined,
      undefined,
      undefined,
    ])
  })

  it('refuses what makes no sense, and throws for nothing', () => {
    const spoil = (change: (record: SignalRecord & { body: { case: 'condition' } }) => void) => {
      const record = condition({ at: 0 })
      change(record as never)
      return record
    }
    const bad = [
      spoil(record => (record.body.value.evidenceJson = '{')),
      spoil(record => (record.body.value.evidenceJson = '{"summary":1}')),
      spoil(record => (record.body.value.severity = 'clear')),
      spoil(record => (record.body.value.alarmType = 'nonsense')),
      spoil(record => (record.body.value.state = '')),
      spoil(record => (record.body.value.eventTimeMs = 2n ** 62n)),
      spoil(record => (record.body.value.eventTimeMs = -1n)),
      action('explode', 'x', 0),
    ]
    expect(run(bad).outcomes.map(one => one.dropped)).toEqual(bad.map(() => 'malformed'))
    expect(run([spoil(record => (record.tenantId = 'other'))]).outcomes[0]!.dropped).toBe('wrong-tenant')
  })

  it('holds a bounded number of alarms: cleared ones make room, open ones do not', () => {
    const config = alarmConfigSchema.parse({ alarmsMax: 2, clearHoldMinMs: 0, clearHoldShare: 0 })
    const port = (n: number, at: number, state = 'active') =>
      condition({ at, state, resource: `interface/sw1/eth${n}` })
    const { state, outcomes } = run(
      [port(1, 0), port(2, 0), port(3, 1_000), port(1, 2_000, 'cleared'), port(3, 3_000)],
      config,
    )
    expect(outcomes.map(one => one.dropped)).toEqual([undefined, undefined, 'alarms-max', undefined, undefined])
    expect(openAlarms(state).map(alarm => alarm.resource)).toEqual(['interface/sw1/eth2', 'interface/sw1/eth3'])
    expect(outcomes[4]!.changed).toContain('alarm/link-down//interface/sw1/eth1')
  })

  it('forgets a cleared alarm after a day', () => {
    const { state, outcomes } = run([
      condition({ at: 0 }),
      condition({ at: minute, state: 'cleared' }),
      25 * 60 * minute,
    ])
    expect(state.cells.size).toBe(0)
    expect(outcomes[2]!.changed).toContain('alarm/link-down//interface/sw1/eth0')
  })
})
