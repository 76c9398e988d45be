import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { killLoop } from '../support/kill-loop.ts'

const kills = Number(process.env.WEIR_KILLS ?? 50)
const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'weir-kill-'))

afterEach(() => rmSync(folder, { recursive: true, force: true }))

it(`keeps every total exact and no alarm doubled over ${kills} kills (WEIR_SEED=${seed})`, async () => {
  const comparison = await killLoop({
    folder,
    kills,
    seed,
    lifeMs: { least: 500, most: 15_000 },
    onKill: kill => process.stdout.write(`kill ${kill} of ${kills}\n`),
  })
  process.stdout.write(
    `${comparison.cells} cells compared, ${comparison.differences.length} differ; ` +
      `${comparison.alarms} alarms, ${comparison.alarmEvents} events\n`,
  )
  expect(comparison.differences, 'totals differ').toEqual([])
  expect(comparison.cells).toBeGreaterThan(1_000)
})
