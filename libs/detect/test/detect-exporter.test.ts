import { describe, expect, it } from 'vitest'
import { evidenceSchema } from '../../model/src/index.ts'
import {
  type DetectConfig,
  detectConfigSchema,
  detectExporter,
  type ExporterDetectState,
  type ExporterObservation,
  type ExporterTotals,
  forgetExporter,
} from '../src/index.ts'

const startMs = Date.UTC(2026, 0, 1, 12)

/** Looks at an exporter each 5 s; what came in between is given a look. */
class Watch {
  said: string[] = []
  severities: string[] = []
  state: ExporterDetectState | undefined
  observation: ExporterObservation = {
    tenantId: 'acme',
    exporterId: 'acme/c1/192.0.2.1',
    deviceId: 'edge-1',
    siteId: 'hq',
    atMs: startMs,
    logMs: 0,
    lastSeenMs: startMs,
    totals: {
      datagrams: 0,
      records: 0,
      sequenceReceived: 0,
      sequenceLost: 0,
      unscaledRecords: 0,
      heldDropped: 0,
      kernelDrops: 0,
      rateLimitDrops: 0,
      bufferDrops: 0,
    },
    heldSets: 0,
    heldOldestMs: 0,
    heldNewestMs: 0,
    clockSkewMs: 0,
  }
  readonly #config: DetectConfig

  constructor(config: Parameters<typeof detectConfigSchema.parse>[0] = {}) {
    this.#config = detectConfigSchema.parse(config)
  }

  look(looks: number, growth: Partial<ExporterTotals>, changes: Partial<ExporterObservation> = {}): void {
    for (let i = 0; i < looks; i++) {
      const { totals, atMs, logMs, lastSeenMs } = this.observation
      const grown = Object.entries(growth).map(([name, by]) => [name, totals[name as keyof ExporterTotals] + by])
      this.observation = {
        ...this.observation,
        atMs: atMs + 5_000,
        logMs: logMs + 5_000,
        lastSeenMs: growth.datagrams ? atMs + 5_000 : lastSeenMs,
        totals: { ...totals, ...Object.fromEntries(grown) },
        ...changes,
      }
      const { state, conditions } = detectExporter(this.state, this.observation, this.#config)
      this.state = JSON.parse(JSON.stringify(state))
      for (const one of conditions) {
        expect(evidenceSchema.parse(one.evidence).summary).not.toBe('')
        this.said.push(`${one.alarmType} ${one.state}`)
        this.severities.push(one.severity)
      }
    }
  }
}

const healthy = { datagrams: 10, records: 100, sequenceReceived: 10 }

describe('export-loss', () => {
  it.each([
    [1, 1_000, []],
    [2, 98, ['warning']],
    [8, 92, ['minor']],
    [30, 70, ['major']],
    [60, 40, ['critical']],
  ])('%i lost beside %i received', (sequenceLost, sequenceReceived, severities) => {
    const watch = new Watch()
    watch.look(36, { datagrams: 10, sequenceReceived, sequenceLost })
    expect(watch.severities).toEqual(severities)
  })

  it('takes back what came late after all, and keeps the alarm while nothing comes', () => {
    const watch = new Watch()
    for (let i = 0; i < 18; i++) {
      watch.look(1, { ...healthy, sequenceLost: 3 })
      watch.look(1, { ...healthy, sequenceLost: -3 })
    }
    expect(watch.said).toEqual([])
    watch.look(36, { ...healthy, sequenceLost: 3 })
    expect(watch.said).toEqual(['export-loss active'])
    watch.look(400, {})
    // Its figure may be told again.
    expect([...new Set(watch.said)]).toEqual(['export-loss active', 'telemetry-stale active'])
    watch.look(12, healthy)
    expect(watch.said.slice(-2)).toEqual(['export-loss cleared', 'telemetry-stale cleared'])
  })
})

describe('the other conditions', () => {
  it('are ended by switching them off', () => {
    const watch = new Watch()
    watch.look(36, { ...healthy, sequenceLost: 3, unscaledRecords: 50 }, { clockSkewMs: 90_000 })
    expect([...watch.said].sort()).toEqual(['clock-skew active', 'export-loss active', 'sampling-unknown active'])
    const off = new Watch({
      exportLoss: { enabled: false },
      samplingUnknown: { enabled: false },
      clockSkew: { enabled: false },
    })
    off.state = watch.state
    off.observation = watch.observation
    off.look(1, healthy)
    expect([...off.said].sort()).toEqual(['clock-skew cleared', 'export-loss cleared', 'sampling-unknown cleared'])
  })

  it('end with the exporter', () => {
    const watch = new Watch()
    watch.look(36, { ...healthy, sequenceLost: 3 })
    expect(forgetExporter(watch.state!, watch.observation)).toMatchObject([
      { alarmType: 'export-loss', state: 'cleared', resource: 'exporter/acme/c1/192.0.2.1' },
    ])
  })

  it('do not flap with a clock that wanders between the bounds', () => {
    const watch = new Watch()
    for (let i = 0; i < 50; i++) watch.look(1, healthy, { clockSkewMs: i % 2 === 0 ? 70_000 : 40_000 })
    expect(watch.said).toEqual([])
    watch.look(20, healthy, { clockSkewMs: 70_000 })
    for (let i = 0; i < 50; i++) watch.look(1, healthy, { clockSkewMs: i % 2 === 0 ? 70_000 : 20_000 })
    expect(watch.said).toEqual(['clock-skew active'])
  })
})

it('leaves the state as it is where nothing changed', () => {
  const watch = new Watch()
  watch.look(3, healthy)
  watch.look(200, {})
  const { state } = detectExporter(watch.state, { ...watch.observation, atMs: watch.observation.atMs + 5_000 })
  expect(state).toBe(watch.state)
})
