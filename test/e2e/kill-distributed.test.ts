import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { kafkaMissing, kafkaSource } from '../kafka/broker.ts'
import { chaos } from '../support/chaos.ts'

const name = 'kills and stops of processors, store and broker leave every total exact'
const folder = mkdtempSync(join(tmpdir(), 'weir-chaos-short-'))

afterEach(() => rmSync(folder, { recursive: true, force: true }))

// The long run is `npm run test:faults`. This seed kills the store three times and each processor once.
it.skipIf(!kafkaSource)(
  kafkaSource ? name : `${name} — ${kafkaMissing}`,
  async () => {
    const comparison = await chaos({ folder, events: 5, seed: 31 })
    expect(comparison.differences, 'totals differ').toEqual([])
    expect(comparison.cells).toBeGreaterThan(500)
  },
  600_000,
)
