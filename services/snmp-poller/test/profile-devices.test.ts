import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { packageRoot, parseConfig, seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import { oid, scalarOids } from '../../../libs/snmp/src/index.ts'
import { pollOnce } from '../src/index.ts'
import { integer, octets, startAgent, switchValues } from './test-agent.ts'

const folder = join(packageRoot, 'services/snmp-poller/test/devices')

/** A device in a few values of our own, under the OIDs of its vendor, and what a poll is to make of them. */
const fixtureSchema = z.strictObject({
  sysObjectID: z.string(),
  sysDescr: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.int()])),
  expect: z.strictObject({
    system: z.record(z.string(), z.string()),
    /** `<class> <name>` to its value or state: all there are. */
    sensors: z.record(z.string(), z.union([z.number(), z.string()])).default({}),
    disks: z.record(z.string(), z.string()).default({}),
    processors: z.array(z.number()).default([]),
    /** Name to used and total. */
    memoryPools: z.record(z.string(), z.array(z.string())).optional(),
  }),
})

let close = (): void => {}
afterEach(() => close())

describe('devices by vendor', () => {
  const files = readdirSync(folder).filter(file => file.endsWith('.yaml'))

  it.each(files)('%s', async file => {
    const device = parseConfig(fixtureSchema, readFileSync(join(folder, file), 'utf8'), file)
    const values = switchValues(1)
    values.set(scalarOids.sysObjectID, { type: 'oid', value: oid(device.sysObjectID) })
    values.set(scalarOids.sysDescr, octets(device.sysDescr))
    for (const [name, value] of Object.entries(device.values)) {
      values.set(oid(name), typeof value === 'number' ? integer(value) : octets(value))
    }
    const agent = await startAgent(values)
    close = () => agent.close()
    const target = { host: agent.address, port: agent.port, auth: { version: 'v2c', community: 'public' } } as const
    const { form } = await pollOnce(
      { ...target, timeoutMs: 2_000, retries: 2 },
      { clock: systemClock, random: seededRandom(5), budgetMs: 30_000 },
    )
    expect(form.system).toMatchObject(device.expect.system)
    expect(Object.fromEntries(form.sensors.map(one => [`${one.class} ${one.name}`, one.state ?? one.value]))).toEqual(
      device.expect.sensors,
    )
    expect(Object.fromEntries(form.disks.map(one => [one.name, one.state]))).toEqual(device.expect.disks)
    expect(form.processors.map(one => one.utilisationPercent)).toEqual(device.expect.processors)
    if (device.expect.memoryPools) {
      const pools = form.memoryPools.map(one => [one.name, [one.usedBytes, one.totalBytes]])
      expect(Object.fromEntries(pools)).toEqual(device.expect.memoryPools)
    }
  })
})
