import { describe, expect, it } from 'vitest'
import { advisorySchema, type FirmwarePolicy, wantedVersionSchema } from '../src/firmware/advisory.ts'
import { firmwareOutdated } from '../src/firmware/firmware-outdated.ts'
import { type FirmwareFacts, firmwarePosture } from '../src/firmware/posture.ts'
import { PostureCache } from '../src/firmware/posture-cache.ts'
import type { Episode } from '../src/index.ts'

const atMs = Date.UTC(2026, 5, 1)
const router: FirmwareFacts = {
  ...{ tenantId: 'acme', role: 'edge', vendor: 'Cisco', os: 'iosxe', hardware: 'ASR1001-X', version: '16.9.4' },
}

function policy(wanted: object[], advisories: object[] = []): FirmwarePolicy {
  return {
    wanted: wanted.map(one => wantedVersionSchema.parse({ os: 'iosxe', ...one })),
    advisories: advisories.map(one => advisorySchema.parse({ os: 'iosxe', ...one })),
  }
}

describe('drift from what is wanted', () => {
  it.each([
    [[{ version: '16.12.8' }], 'outdated'],
    [[{ version: '16.9.4' }], 'wanted'],
    [[{ version: '16.6.1' }], 'ahead'],
    [[{ range: '>=16.9.3 <16.10' }], 'wanted'],
    [[{ range: '17.3.x' }], 'outdated'],
    [[{ version: '3.16.5S', hardware: 'ISR*' }], 'none'],
    [[{ version: '16.12.8', role: 'core' }], 'none'],
    [[{ version: '16.12.8', tenant: 'zeta' }], 'none'],
    [[{ version: '16.12.8', vendor: 'juniper' }], 'none'],
    [[{ version: 'whatever' }], 'unknown'],
    [[{ version: '16.9.4', hardware: 'asr1001-x' }, { version: '17.3.8' }], 'wanted'],
    [
      [
        { version: '16.9.4', hardware: 'ISR*' },
        { version: '17.3.8', hardware: '*SR1*-X' },
      ],
      'outdated',
    ],
  ] as const)('%j: %s', (wanted, drift) => {
    expect(firmwarePosture(router, policy([...wanted]), atMs).drift).toBe(drift)
  })

  it('is unknown of a device whose version was not read', () => {
    const posture = firmwarePosture({ ...router, version: '' }, policy([{ version: '16.12.8' }]), atMs)
    expect(posture).toMatchObject({ drift: 'unknown', severity: undefined })
  })

  it('holds models against patterns of any shape in bounded time', () => {
    const hardware = `${'*a'.repeat(60)}*b`
    const posture = firmwarePosture(
      { ...router, hardware: 'a'.repeat(128) },
      policy([{ version: '1', hardware }]),
      atMs,
    )
    expect(posture.drift).toBe('none')
  })
})

describe('advisories', () => {
  const affected = { id: 'CVE-1', affected: ['>=16.9.1 <16.9.8'], fixedIn: ['16.9.8'], severity: 'high' }

  it('hold for affected versions, the worst first, with the severity of the alarm', () => {
    const list = policy([{ version: '16.12.8' }], [{ ...affected, id: 'CVE-0', severity: 'low' }, affected])
    const posture = firmwarePosture(router, list, atMs)
    expect(posture.findings.map(({ advisory, severity }) => [advisory.id, severity])).toEqual([
      ['CVE-1', 'major'],
      ['CVE-0', 'warning'],
    ])
    expect(posture.severity).toBe('major')
    expect(firmwarePosture({ ...router, version: '16.9.8' }, list, atMs).findings).toEqual([])
  })

  it('never make a finding of what cannot be told', () => {
    const list = policy([], [{ ...affected, affected: ['<3.16.5S'] }])
    const posture = firmwarePosture({ ...router, version: '3.6.8E' }, list, atMs)
    expect(posture).toMatchObject({ findings: [], untold: ['CVE-1'], severity: undefined })
  })

  it('find a version past its end of support, then of life, from midnight UTC on', () => {
    const dates = { id: 'EOL 16.9', affected: ['16.9.x'], endOfSupport: '2026-06-02', endOfLife: '2026-06-09' }
    const on = (day: number) => firmwarePosture(router, policy([], [dates]), Date.UTC(2026, 5, day)).findings
    expect([1, 2, 9].map(day => on(day).map(({ reason, severity }) => `${reason} ${severity}`))).toEqual([
      [],
      ['end-of-support warning'],
      ['end-of-life minor'],
    ])
    const cache = new PostureCache()
    const list = policy([], [dates])
    expect(cache.find(router, list, Date.UTC(2026, 5, 1, 23, 59)).severity).toBeUndefined()
    expect(cache.find(router, list, Date.UTC(2026, 5, 2)).severity).toBe('warning')
  })
})

describe('firmware-outdated', () => {
  const list = policy([{ version: '16.12.8' }], [{ id: 'CVE-1', affected: ['<16.9.8'], severity: 'medium' }])
  const at = (minute: number, version: string) => ({
    ...{ deviceId: 'r1', siteId: 's', atMs: atMs + minute * 60_000, facts: { ...router, version } },
  })
  const step = (before: Episode | undefined, minute: number, version: string, enabled = true) => {
    const observed = at(minute, version)
    return firmwareOutdated(before, observed, firmwarePosture(observed.facts, list, observed.atMs), enabled)
  }

  it('is raised with version, wanted and advisories, says what changed, and ends with the upgrade', () => {
    const raised = step(undefined, 0, '16.9.4')
    expect(raised.condition).toMatchObject({
      ...{ alarmType: 'firmware-outdated', resource: 'device/r1', state: 'active', severity: 'minor' },
      evidence: {
        summary: 'iosxe 16.9.4 is affected by CVE-1, and is not what is wanted: 16.12.8.',
        measured: { version: '16.9.4', advisories: 'CVE-1' },
        expected: { wanted: '16.12.8' },
      },
    })
    expect(step(raised.episode, 1, '16.9.4').condition).toBeUndefined()
    // A reading without a version decides nothing.
    expect(step(raised.episode, 2, '')).toEqual({ episode: raised.episode, condition: undefined })
    const halfway = step(raised.episode, 10, '16.12.1')
    expect(halfway.condition).toMatchObject({ state: 'active', severity: 'warning', windowStartMs: atMs })
    const done = step(halfway.episode, 20, '16.12.8')
    expect(done.condition).toMatchObject({ state: 'cleared', evidence: { summary: 'Runs 16.12.8, as wanted.' } })
    expect(done.episode).toBeUndefined()
  })

  it('ends when it is switched off', () => {
    const raised = step(undefined, 0, '16.9.4')
    expect(step(raised.episode, 1, '16.9.4', false).condition?.state).toBe('cleared')
    expect(step(undefined, 0, '16.9.4', false).condition).toBeUndefined()
  })
})
