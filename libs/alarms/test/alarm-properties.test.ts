import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AlarmEvent, SignalRecord } from '../../model/src/index.ts'
import {
  type AlarmPiece,
  advance,
  alarmDefaults,
  applySignal,
  emptyAlarms,
  foldEvents,
  pieceKeys,
  pieceOf,
  restoreAlarms,
  type TenantAlarms,
} from '../src/index.ts'
import { action, condition, minute, startMs, timeOf } from './signals.ts'

type Input = { record: SignalRecord; atMs: number }

const types = ['link-down', 'link-saturation', 'telemetry-stale', 'scan-vertical'] as const

/** Signals in order of time, from few resources, so that they meet. */
const inputs: fc.Arbitrary<Input[]> = fc
  .array(
    fc.record({
      stepMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 20 * minute })),
      type: fc.constantFrom(...types),
      port: fc.integer({ min: 0, max: 1 }),
      state: fc.constantFrom('active', 'active', 'cleared', 'cleared', 'unknown'),
      severity: fc.constantFrom('warning', 'major', 'critical'),
      act: fc.option(fc.constantFrom('acknowledge', 'unacknowledge', 'close', 'shelve', 'unshelve', 'comment'), {
        freq: 4,
      }),
    }),
    { maxLength: 60 },
  )
  .map(list => {
    let at = 0
    return list.map(({ stepMs, type, port, state, severity, act }, i): Input => {
      at += stepMs
      const device = type === 'telemetry-stale' ? 'device/sw1' : `interface/sw1/eth${port}`
      const record = act
        ? action(act, '', at, { until: at + 10 * minute, id: `a${i}` })
        : condition({ at, type, state, severity, resource: device }, { offset: BigInt(i) })
      return { record, atMs: startMs + at }
    })
  })

/** Actions go to whatever alarm is newest in the state: ids depend on what was raised. */
function aimed(state: TenantAlarms, record: SignalRecord): SignalRecord {
  if (record.body.case !== 'operatorAction') return record
  const ids = [...state.keyById.keys()].sort()
  return {
    ...record,
    body: { case: 'operatorAction', value: { ...record.body.value, alarmId: ids.at(-1) ?? '' } },
  } as SignalRecord
}

function feed(
  state: TenantAlarms,
  list: readonly Input[],
  between: (index: number, state: TenantAlarms) => TenantAlarms = (_, same) => same,
): { state: TenantAlarms; events: AlarmEvent[] } {
  const events: AlarmEvent[] = []
  let now = state
  list.forEach(({ record, atMs }, i) => {
    now = between(i, now)
    events.push(...applySignal(now, aimed(now, record), atMs).events)
  })
  return { state: now, events }
}

function pieces(state: TenantAlarms): Map<string, string> {
  return new Map(
    pieceKeys(state)
      .sort()
      .map(key => [key, JSON.stringify(pieceOf(state, key))]),
  )
}

function restored(state: TenantAlarms): TenantAlarms {
  return restoreAlarms(
    'acme',
    [...pieces(state)].reverse().map(([key, text]) => [key, JSON.parse(text) as AlarmPiece]),
  )
}

describe('any sequence of signals', () => {
  it('gives alarms that are the fold of their events, numbered without gaps', () => {
    fc.assert(
      fc.property(inputs, list => {
        const state = emptyAlarms('acme')
        const byAlarm = new Map<string, AlarmEvent[]>()
        for (const { record, atMs } of list) {
          const outcome = applySignal(state, aimed(state, record), atMs)
          for (const { event, alarm } of outcome.transitions) {
            const events = byAlarm.get(event.alarmId) ?? []
            events.push(event)
            byAlarm.set(event.alarmId, events)
            expect(event.seq).toBe(events.length - 1)
            expect(foldEvents(events)).toEqual(alarm)
            if (events.length > 1 && event.axis !== 'evidence') expect(event.from).toBe(before(events, event))
          }
        }
      }),
    )
  })

  it('goes on the same from its persisted pieces', () => {
    fc.assert(
      fc.property(inputs, fc.array(fc.nat(59), { maxLength: 6 }), (list, cuts) => {
        const whole = feed(emptyAlarms('acme'), list)
        const cut = feed(emptyAlarms('acme'), list, (i, state) => (cuts.includes(i) ? restored(state) : state))
        expect(cut.events).toEqual(whole.events)
        expect(pieces(cut.state)).toEqual(pieces(whole.state))
      }),
    )
  })

  it('names every piece that changed', () => {
    fc.assert(
      fc.property(inputs, list => {
        const state = emptyAlarms('acme')
        let before = pieces(state)
        for (const { record, atMs } of list) {
          const { changed } = applySignal(state, aimed(state, record), atMs)
          const after = pieces(state)
          const different = [...new Set([...before.keys(), ...after.keys()])].filter(
            key => before.get(key) !== after.get(key),
          )
          expect(different.filter(key => !changed.has(key))).toEqual([])
          before = after
        }
      }),
    )
  })

  it('gives the same events however often time is looked at', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1_000, max: 600_000 }), (list, tickMs) => {
        const aims: SignalRecord[] = []
        const coarse: AlarmEvent[] = []
        const first = emptyAlarms('acme')
        for (const { record, atMs } of list) {
          const aim = aimed(first, record)
          aims.push(aim)
          coarse.push(...applySignal(first, aim, atMs).events)
        }
        const fine: AlarmEvent[] = []
        const state = emptyAlarms('acme')
        list.forEach(({ atMs }, i) => {
          for (let ms = Math.max(startMs, state.clock.clockMs); ms < atMs; ms += tickMs) {
            fine.push(...advance(state, ms).events)
          }
          fine.push(...applySignal(state, aims[i]!, atMs).events)
        })
        expect(fine).toEqual(coarse)
        expect(pieces(state)).toEqual(pieces(first))
      }),
    )
  })

  it('drops everything when the whole log comes twice', () => {
    fc.assert(
      fc.property(inputs, list => {
        const once = feed(emptyAlarms('acme'), list)
        const conditions = list.filter(({ record }) => record.body.case === 'condition')
        const before = pieces(once.state)
        const again = conditions.map(({ record }) => applySignal(once.state, record, list.at(-1)!.atMs))
        expect(again.map(one => one.dropped)).toEqual(conditions.map(() => 'seen'))
        expect(pieces(once.state)).toEqual(before)
      }),
    )
  })

  it('clears every alarm whose condition cleared, once its hold is over', () => {
    fc.assert(
      fc.property(inputs, list => {
        const { state } = feed(emptyAlarms('acme'), list)
        const endMs = list.at(-1)?.atMs ?? startMs
        const keys = [...state.cells.values()]
        keys.forEach((cell, i) => {
          const record = condition(
            { at: endMs - startMs, state: 'cleared', type: cell.alarmTypeId, resource: cell.resource },
            { offset: BigInt(1_000 + i) },
          )
          applySignal(state, record, endMs)
        })
        advance(state, endMs + alarmDefaults.clearHoldMaxMs + alarmDefaults.flapQuietMs + 1)
        for (const { alarm, frozen } of state.cells.values())
          expect(alarm!.isCleared || frozen !== undefined).toBe(true)
      }),
    )
  })
})

/** What the axis stood at before the last event. */
function before(events: readonly AlarmEvent[], event: AlarmEvent): string {
  const earlier = foldEvents(events.slice(0, -1))!
  if (event.axis === 'condition') return earlier.condition
  if (event.axis === 'severity') return earlier.perceivedSeverity
  return event.axis === 'operator' ? earlier.operatorState : earlier.shelving
}

describe('signal times', () => {
  it('are what the helper says', () => {
    expect(timeOf(condition({ at: 7 }))).toBe(startMs + 7)
  })
})
