import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../libs/kernel/src/index.ts'
import { killDuringInserts } from '../../libs/store/test/kill-embedded.ts'

/** A token loss was 2 in 244 kills without the repair of token logs, so fewer kills than these prove little. */
const kills = Number(process.env.WEIR_STORE_KILLS ?? 160)
const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000)

describe('F75: embedded store, killed during inserts', () => {
  it(`holds every window of every view exactly after ${kills} kills (seed ${seed})`, async () => {
    const report = await killDuringInserts(kills, seededRandom(seed))
    expect(report.differences, 'totals differ').toEqual([])
    expect(report.epochs).toBeGreaterThan(kills / 2)
  }, 3_600_000)
})
