import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alarm } from '../../libs/model/src/index.ts'
import { kafkaMissing, kafkaSource } from '../kafka/broker.ts'
import { captures, expectCaptureTotals } from '../support/capture-totals.ts'
import { compareDistributed } from '../support/chaos.ts'
import { type Distributed, startDistributed } from '../support/distributed.ts'
import { caughtUp } from '../support/kill-loop.ts'
import { hasMaterial } from '../support/material.ts'
import { type SimulatedSource, startSimulatedSource } from '../support/simulated-source.ts'
import { getJson, until, type WeirProcess } from '../support/weir-process.ts'

const name = 'the distributed shape: Kafka, ClickHouse over HTTP, a process a service'

describe.skipIf(!kafkaSource)(kafkaSource ? name : `${name} — ${kafkaMissing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-distributed-'))
  let source: SimulatedSource
  let system: Distributed
  let gateway: WeirProcess
  let collector: WeirProcess
  const processors: WeirProcess[] = []

  beforeAll(async () => {
    source = await startSimulatedSource(folder, 3)
    system = await startDistributed(folder, source.config)
    processors.push(await system.start('processor'))
    const others = await Promise.all([system.start('gateway'), system.start('collector'), system.start('poller')])
    gateway = others[0]
    collector = others[1]
  }, 120_000)

  afterAll(async () => {
    source?.stop()
    await system?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const openAlarms = async (type: string): Promise<Alarm[]> => {
    const { data } = await getJson<{ data: Alarm[] }>(`${gateway.gateway}/api/v1/alarms?limit=100`)
    return data.filter(alarm => alarm.alarmTypeId === type && !alarm.isCleared)
  }

  it('raises the alarms that the embedded shape raises', async () => {
    const [dark] = await until(
      'the switch without power',
      async () => {
        const alarms = await openAlarms('device-unreachable')
        return alarms.length > 0 ? alarms : undefined
      },
      150_000,
    )
    expect(dark?.resource).toBe('device/hb-acc-3')
    const down = await openAlarms('link-down')
    expect(down.map(alarm => alarm.resource)).toContain('interface/hb-dist-1/xe-0/0/3')
  }, 160_000)

  it.skipIf(!hasMaterial).each(captures)(
    '%s: %s totals through REST equal the expected ones (needs the material folder)',
    async (_, id) => {
      await expectCaptureTotals(id, { gateway: gateway.gateway, data: folder, port: source.flowPort })
    },
    90_000,
  )

  it('shows what came while the collector was dead as lost sequence units of its exporters', async () => {
    collector.signal('SIGKILL')
    await collector.ended
    await new Promise(resolve => setTimeout(resolve, 15_000))
    collector = await system.start('collector')
    await until(
      'lost sequence units',
      async () => {
        const { data } = await getJson<{ data: { health: { sequence: { lost: string } } | null }[] }>(
          `${gateway.gateway}/api/v1/exporters?limit=100`,
        )
        return data.some(exporter => Number(exporter.health?.sequence.lost ?? 0) > 0) ? true : undefined
      },
      60_000,
    )
  }, 120_000)

  it('shares the partitions when a second processor comes, and goes on when one is killed (F57)', async () => {
    const all = await partitionsHeld(processors[0]!)
    processors.push(await system.start('processor'))
    await until(
      'both hold partitions',
      async () => {
        const held = await Promise.all(processors.map(one => partitionsHeld(one)))
        return held.every(count => count > 0) ? held : undefined
      },
      60_000,
    )
    processors[0]!.signal('SIGKILL')
    await processors[0]!.ended
    await until(
      'the survivor holds them all',
      async () => ((await partitionsHeld(processors[1]!)) === all ? true : undefined),
      60_000,
    )
  }, 150_000)

  it('holds exactly what the log says, in every table and view, and stops each service cleanly (F68)', async () => {
    source.stop()
    await until('the survivor reads up to the end', () => caughtUp([processors[1]!.metrics]), 60_000)
    processors[1]!.signal('SIGTERM')
    expect(await processors[1]!.ended).toBe(0)
    gateway.signal('SIGTERM')
    expect(await gateway.ended).toBe(0)

    const comparison = await compareDistributed(system)
    expect(comparison.differences, 'totals differ').toEqual([])
    expect(comparison.cells).toBeGreaterThan(500)
  }, 180_000)
})

async function partitionsHeld(processor: WeirProcess): Promise<number> {
  const text = await (await fetch(processor.metrics)).text()
  return [...text.matchAll(/^weir_processor_lag_records\{/gm)].length
}
