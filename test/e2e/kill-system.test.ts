import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { killLoop } from '../support/kill-loop.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-kill-short-'))

afterEach(() => rmSync(folder, { recursive: true, force: true }))

// The long run is `npm run test:faults`.
it('F69: three kills -9 of the whole system leave every total exact and no alarm doubled', async () => {
  const comparison = await killLoop({ folder, kills: 3, seed: 7, lifeMs: { least: 3_000, most: 12_000 } })
  expect(comparison.differences, 'totals differ').toEqual([])
  expect(comparison.cells).toBeGreaterThan(200)
}, 240_000)
