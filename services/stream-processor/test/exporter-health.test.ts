import { describe, expect, it } from 'vitest'
import { dataSet, FlowsBench, otherTemplateSet, smallTemplateSet, templateSet, v9 } from './flows-bench.ts'

/** Sends a template and then a record each 5 s. */
function sender(bench: FlowsBench) {
  let sequence = 0
  return {
    template: (set = templateSet) => bench.send([v9([set], { sequence: sequence++, atMs: bench.nowMs })]),
    data: ({ skip = 0, skewMs = 0, durationMs = 0, sampler = 0 } = {}) => {
      sequence += skip
      const datagrams = [0, 1, 2, 3].map(() =>
        v9([dataSet(bench.nowMs, durationMs, sampler)], { sequence: sequence++, atMs: bench.nowMs, skewMs }),
      )
      bench.send(datagrams)
    },
  }
}

describe('health of an exporter', () => {
  it('tells what was counted, seen and learned', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(60_000, () => exporter.data({ durationMs: 30_000 }))
    exporter.template()
    bench.send([Uint8Array.of(1, 2, 3)], { kernelDrops: 5n, rateLimitDrops: 2n })
    bench.pass(5_000)
    expect(bench.health).toMatchObject({
      exporterId: 'acme/c1/192.0.2.1',
      stale: false,
      protocols: ['netflow9'],
      datagrams: 51n,
      records: 48n,
      errors: { 'datagram-too-short': 1n },
      sequenceReceived: 50n,
      sequenceLost: 0n,
      lossRatio: 0,
      templatesKnown: 1,
      templateRefreshMs: 60_000,
      samplingRates: [1],
      activeTimeoutMs: 30_000,
      kernelDrops: 5n,
      rateLimitDrops: 2n,
    })
    expect(Math.abs(Number(bench.health.clockSkewMs))).toBeLessThan(1_000)
  })

  it('is sent at most each 5 s while it changes, each minute while it does not, and not for ever', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    for (let i = 0; i < 20; i++) {
      bench.nowMs += 1_000
      exporter.data()
    }
    expect(bench.healths.length).toBeLessThanOrEqual(5)
    const before = bench.healths.length
    bench.pass(600_000)
    const quiet = bench.healths.length - before
    expect(quiet).toBeGreaterThanOrEqual(10)
    expect(quiet).toBeLessThanOrEqual(13)
    bench.pass(3_600_000)
    const hourLater = bench.healths.length
    bench.pass(600_000)
    expect(bench.healths.length).toBe(hourLater)
  })

  it('goes on over owners: the same records yield the same outputs, whoever computes them', () => {
    const run = (handsOver: boolean): FlowsBench => {
      const bench = new FlowsBench()
      const exporter = sender(bench)
      bench.send([])
      exporter.data()
      bench.pass(5_000)
      exporter.template()
      for (let i = 0; i < 150; i++) {
        if (i === 100) exporter.template(otherTemplateSet)
        bench.pass(5_000, () => exporter.data({ skip: i % 7 === 0 ? 2 : 0, sampler: i > 50 && i < 60 ? 9 : 0 }))
        if (handsOver && i % 3 === 0) bench.handOver()
      }
      bench.pass(600_000)
      return bench
    }
    const [one, other] = [run(false), run(true)]
    expect(other.outputs).toEqual(one.outputs)
    expect(one.said).toContain('export-loss active')
    expect(one.said).toContain('telemetry-stale active')
    expect(one.health.templatesRedefined).toBe(1n)
  })
})

describe('conditions of an exporter', () => {
  it('F15: says export-loss while a share of its export does not come, with its device and site', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(60_000, () => exporter.data())
    expect(bench.said).toEqual([])
    bench.pass(120_000, () => exporter.data({ skip: 1 }))
    expect(bench.said).toEqual(['export-loss active'])
    expect(bench.conditions[0]).toMatchObject({
      resource: 'exporter/acme/c1/192.0.2.1',
      siteId: 'hq',
      deviceId: 'edge-1',
    })
    expect(bench.health.lossRatio).toBeGreaterThan(0.1)
    bench.pass(720_000, () => exporter.data())
    expect(bench.said.at(-1)).toBe('export-loss cleared')
    expect(bench.health).toMatchObject({ sequenceLost: 24n, lossRatio: 0 })
  })

  it('F14: says nothing of one gap, as a pause of Weir leaves it, nor of a restart', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(60_000, () => exporter.data())
    bench.nowMs += 3_600_000
    exporter.data({ skip: 5_000 })
    bench.pass(300_000, () => exporter.data())
    expect(bench.said).toEqual([])
  })

  it('F11: says template-missing while data waits for it, and the first template brings all of it', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    bench.pass(90_000, () => exporter.data())
    expect(bench.said).toEqual(['template-missing active'])
    expect(bench.health).toMatchObject({ heldSets: 72, records: 0n })
    exporter.template()
    bench.pass(5_000)
    expect(bench.said).toEqual(['template-missing active', 'template-missing cleared'])
    expect(bench.health).toMatchObject({ heldSets: 0, records: 72n })
  })

  it('F21: says sampling-unknown while records name a sampler that nobody announced', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(180_000, () => exporter.data({ sampler: 9 }))
    expect(bench.said).toEqual(['sampling-unknown active'])
    expect(bench.health.samplingRates).toEqual([0])
    bench.pass(720_000, () => exporter.data())
    expect(bench.said.at(-1)).toBe('sampling-unknown cleared')
    expect(bench.health.samplingRates).toEqual([1])
  })

  it.each([3_600_000, -3_600_000, 120_000])('F18: says clock-skew of a clock that is %i ms off', skewMs => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(120_000, () => exporter.data({ skewMs }))
    expect(bench.said).toEqual(['clock-skew active'])
    expect(Math.abs(Number(bench.health.clockSkewMs) - skewMs)).toBeLessThan(1_000)
    bench.pass(120_000, () => exporter.data())
    expect(bench.said.at(-1)).toBe('clock-skew cleared')
  })

  it('says telemetry-stale of one that used to send, and not while Weir itself was away', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(120_000, () => exporter.data())
    bench.nowMs += 7_200_000
    bench.pass(60_000)
    expect(bench.said).toEqual([])
    bench.pass(90_000)
    expect(bench.said).toEqual(['telemetry-stale active'])
    expect(bench.health.stale).toBe(true)
    exporter.data()
    bench.pass(5_000)
    expect(bench.said).toEqual(['telemetry-stale active', 'telemetry-stale cleared'])
    expect(bench.health.stale).toBe(false)
  })

  it('learns the pauses of one that sends each four minutes', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    let beats = 0
    bench.pass(7_200_000, () => {
      if (beats++ % 48 === 0) exporter.data()
    })
    expect(bench.said).toEqual([])
  })
})

describe('an exporter that changes its source port', () => {
  it('finds its templates where the configuration names it, also with another owner', () => {
    for (const [changingPorts, records] of [
      [[], 0],
      [['192.0.2.1'], 8],
    ] as const) {
      const bench = new FlowsBench(changingPorts)
      const exporter = sender(bench)
      exporter.template()
      bench.sourcePort++
      exporter.data()
      bench.handOver()
      bench.sourcePort++
      exporter.data()
      expect(bench.counts.records).toBe(records)
    }
  })
})

describe('templates on weir.templates.v1', () => {
  const key = 'acme/c1/192.0.2.1/50000/9/7/256'

  it('are written when new and when changed, once, whoever owns the partition', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    for (let i = 0; i < 5; i++) {
      bench.pass(5_000, () => exporter.template())
      bench.handOver()
    }
    expect(bench.templates).toMatchObject([
      { key, value: { templateId: 256, observationDomainId: 7, sourcePort: 50_000 } },
    ])
    bench.pass(5_000, () => exporter.template(otherTemplateSet))
    bench.pass(5_000)
    expect(bench.templates).toHaveLength(2)
    const [first, second] = bench.templates.map(one => one.value!)
    expect(second!.firstSeenOffset).toBe(first!.firstSeenOffset)
    expect(Number(second!.changedOffset)).toBeGreaterThan(Number(first!.changedOffset))
    expect(second!.fields.map(one => one.name).slice(0, 2)).toEqual(['packetDeltaCount', 'octetDeltaCount'])
  })

  it('F10: are the 512 announced last where an exporter has more', () => {
    const bench = new FlowsBench()
    for (let id = 256; id < 856; id++) {
      bench.nowMs += 1_000
      bench.send([v9([smallTemplateSet(id)], { sequence: id, atMs: bench.nowMs })])
    }
    bench.pass(10_000)
    const standing = new Map(bench.templates.map(one => [one.key, one.value]))
    const ids = [...standing.values()].flatMap(one => (one ? [one.templateId] : [])).sort((a, b) => a - b)
    expect(ids).toEqual(Array.from({ length: 512 }, (_, i) => 344 + i))
    expect(bench.counts.templatesBeyond).toBeGreaterThan(0)
  })

  it('are deleted with their exporter, and so is what was said of it', () => {
    const bench = new FlowsBench()
    const exporter = sender(bench)
    exporter.template()
    bench.pass(120_000, () => exporter.data())
    bench.pass(8 * 86_400_000)
    expect(bench.templates.at(-1)).toEqual({ key, value: null })
    expect(bench.said).toEqual(['telemetry-stale active', 'telemetry-stale cleared'])
    expect(bench.work.closeEpoch().states.get('exporter/acme/c1/192.0.2.1')).toBe('')
  })
})
