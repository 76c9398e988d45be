import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { kafkaMissing, kafkaSource } from '../kafka/broker.ts'
import { chaos } from '../support/chaos.ts'

const events = Number(process.env.WEIR_EVENTS ?? 60)
const seed = Number(process.env.WEIR_SEED ?? Date.now() % 1_000_000)
const name = `keeps every total exact over ${events} kills and stops of processors, store and broker (WEIR_SEED=${seed})`
const folder = mkdtempSync(join(tmpdir(), 'weir-chaos-'))

afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.skipIf(!kafkaSource)(kafkaSource ? name : `${name} — ${kafkaMissing}`, async () => {
  const comparison = await chaos({
    folder,
    events,
    seed,
    onEvent: event => process.stdout.write(`${event}\n`),
  })
  process.stdout.write(
    `${comparison.cells} cells compared, ${comparison.differences.length} differ; ` +
      `${comparison.alarms} alarms, ${comparison.alarmEvents} events\n`,
  )
  expect(comparison.differences, 'totals differ').toEqual([])
  expect(comparison.cells).toBeGreaterThan(1_000)
})
