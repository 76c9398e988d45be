import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/src/index.ts'
import { killDuringInserts } from './kill-embedded.ts'

describe('embedded store, killed during inserts', () => {
  const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000)
  it(`holds every window of every view exactly (seed ${seed})`, { timeout: 600_000 }, async () => {
    const report = await killDuringInserts(15, seededRandom(seed))
    expect(report.differences, 'totals differ').toEqual([])
    expect(report.epochs).toBeGreaterThan(10)
  })
})
