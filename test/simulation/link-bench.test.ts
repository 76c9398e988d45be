import { beforeAll, describe, expect, it } from 'vitest'
import { faultyDevices, healthyDevices } from '../../bench/detection/link-plan.ts'
import { WeirRules } from '../../bench/detection/rules.ts'
import { className, emptyScores, quantile, runDevice } from '../../bench/detection/score.ts'

/** A small LinkBench on every change: the whole one is `bench/detection/link-bench.ts`. */
describe('LinkBench, a small one', () => {
  const scores = emptyScores()
  beforeAll(() => {
    for (const { device, fault, class: faultClass } of faultyDevices(11, 1)) {
      runDevice(scores, new WeirRules(), device, { event: fault, name: className(faultClass) })
    }
  }, 180_000)

  it('finds every corruption from 3e-6 on, soon, and says it once', () => {
    for (const name of ['corruption 3e-6', 'corruption 1e-5', 'corruption 1e-4', 'corruption 1e-3']) {
      const score = scores.classes.get(name)!
      expect([name, score.found]).toEqual([name, score.faults])
      // Three minutes; at 3e-6 a gigabit link with little load has an error in two polls of three.
      expect(quantile(score.polls, 0.95)).toBeLessThanOrEqual(name === 'corruption 3e-6' ? 12 : 6)
      expect(score.alarms / score.found).toBeLessThanOrEqual(1.05)
    }
  })

  it('finds full, cut, flapping, slowed and dropping links, and silent devices', () => {
    for (const name of [
      'saturation',
      'link-down',
      'flapping',
      'speed-downgrade',
      'device-dark',
      'stale',
      'congestion 1e-3',
      'congestion 1e-2',
    ]) {
      const score = scores.classes.get(name)!
      expect([name, score.found]).toEqual([name, score.faults])
    }
  })

  it('cries wolf over nothing: reboots, resets, renumbering, wraps, swaps, backups, maintenance, holidays', () => {
    const calm = emptyScores()
    for (const device of healthyDevices(11, 4)) runDevice(calm, new WeirRules(), device)
    expect(calm.linkDays).toBe(32)
    expect([...scores.falseAlarms, ...calm.falseAlarms]).toEqual([])
  }, 180_000)
})
