import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alarm, AlarmType } from '../../model/src/index.ts'
import { suppressionOf } from '../src/index.ts'

function alarm(alarmTypeId: AlarmType, resource: string, rest: Partial<Alarm> = {}): Alarm {
  const device = resource.split('/')[1]!
  return {
    tenantId: 'acme',
    alarmId: `${alarmTypeId}-${resource}-${rest.qualifier ?? ''}`,
    alarmTypeId,
    resource,
    qualifier: '',
    deviceId: device,
    siteId: 'hq',
    perceivedSeverity: 'major',
    isCleared: false,
    condition: 'active',
    operatorState: 'none',
    shelving: 'unshelved',
    shelvedUntil: null,
    raisedAt: '2026-01-05T12:00:00.000Z',
    changedAt: '2026-01-05T12:00:00.000Z',
    clearedAt: null,
    evidence: { summary: '', action: '', measured: {}, expected: {} },
    incidentId: null,
    acknowledgedBy: null,
    occurrences: 1,
    rev: 0,
    ...rest,
  }
}

const down = alarm('link-down', 'interface/sw1/eth0')
const unreachable = alarm('device-unreachable', 'device/sw1')
const stale = alarm('telemetry-stale', 'device/sw1')
const silent = alarm('telemetry-stale', 'exporter/acme/c1/192.0.2.1', { deviceId: 'sw1' })

describe('suppressionOf', () => {
  const cases: [string, Alarm, Alarm[], AlarmType | undefined][] = [
    [
      'a link that is down explains its load',
      alarm('link-saturation', 'interface/sw1/eth0', { qualifier: 'in' }),
      [down],
      'link-down',
    ],
    ['and its errors', alarm('link-corruption', 'interface/sw1/eth0'), [down], 'link-down'],
    ["and not another link's", alarm('link-corruption', 'interface/sw1/eth1'), [down], undefined],
    ['a device that does not answer explains its links', down, [unreachable], 'device-unreachable'],
    ["and not another device's", alarm('link-down', 'interface/sw2/eth0'), [unreachable], undefined],
    ['stale telemetry is over everything of the device', unreachable, [stale, down], 'telemetry-stale'],
    ['a device that does not answer explains the silence of its flows', silent, [unreachable], 'device-unreachable'],
    ['which explains nothing of its device', unreachable, [silent], undefined],
    ['nor do polls that do not come explain it', silent, [stale], undefined],
    [
      'the strongest explanation counts',
      alarm('link-corruption', 'interface/sw1/eth0'),
      [down, unreachable, stale],
      'telemetry-stale',
    ],
    ['a dark site is over its devices', unreachable, [alarm('site-dark', 'site/hq', { deviceId: null })], 'site-dark'],
    [
      'a full link is more than a busy one',
      alarm('link-utilisation-high', 'interface/sw1/eth0', { qualifier: 'in' }),
      [alarm('link-saturation', 'interface/sw1/eth0', { qualifier: 'in' })],
      'link-saturation',
    ],
    [
      'in the same direction only',
      alarm('link-utilisation-high', 'interface/sw1/eth0', { qualifier: 'out' }),
      [alarm('link-saturation', 'interface/sw1/eth0', { qualifier: 'in' })],
      undefined,
    ],
    [
      'flapping explains a down that comes and goes',
      { ...down, condition: 'flapping' },
      [alarm('link-flapping', 'interface/sw1/eth0')],
      'link-flapping',
    ],
    ['and not one that stays', down, [alarm('link-flapping', 'interface/sw1/eth0')], undefined],
    ['a cleared alarm explains nothing', down, [{ ...unreachable, isCleared: true }], undefined],
    ["another tenant's alarm explains nothing", down, [{ ...unreachable, tenantId: 'other' }], undefined],
    ['an alarm does not explain itself', unreachable, [unreachable], undefined],
  ]
  it.each(cases)('%s', (_, one, open, by) => {
    expect(suppressionOf(one, open)?.byType).toBe(by)
  })

  it('leaves one of any set of open alarms standing, whatever their order', () => {
    const any = fc.constantFrom<Alarm>(
      down,
      { ...down, condition: 'flapping' },
      unreachable,
      stale,
      alarm('site-dark', 'site/hq', { deviceId: null }),
      alarm('link-flapping', 'interface/sw1/eth0'),
      alarm('link-corruption', 'interface/sw1/eth0'),
      alarm('silent-loss', 'interface/sw1/eth0'),
      alarm('congestion-drops', 'interface/sw1/eth0', { qualifier: 'out' }),
      alarm('microbursts', 'interface/sw1/eth0', { qualifier: 'out' }),
      alarm('link-saturation', 'interface/sw1/eth0', { qualifier: 'in' }),
      alarm('link-utilisation-high', 'interface/sw1/eth0', { qualifier: 'in' }),
    )
    fc.assert(
      fc.property(fc.uniqueArray(any, { selector: one => one.alarmId, minLength: 1 }), open => {
        expect(open.some(one => suppressionOf(one, open) === undefined)).toBe(true)
        for (const one of open) expect(suppressionOf(one, [...open].reverse())).toEqual(suppressionOf(one, open))
      }),
    )
  })
})
