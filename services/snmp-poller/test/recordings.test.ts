import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packageRoot, seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import { type DeviceForm, deviceFormSchema } from '../../../libs/model/src/index.ts'
import { pollOnce } from '../src/index.ts'
import { startRecording } from './snmprec.ts'

const folder = join(resolve(packageRoot, process.env.WEIR_MATERIAL ?? '../shared/material'), 'snmp/librenms')

interface Expected {
  device: { os: string; version: string | null; serial: string | null }
  ports: {
    ifIndex: number
    ifName: string | null
    ifOperStatus: string | null
    ifAdminStatus: string | null
    ifInOctets: number | null
  }[]
  sensors: { sensor_class: string; sensor_oid: string; sensor_current: number | null }[]
  processors: { processor_oid: string }[]
}

const names = existsSync(folder)
  ? (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { devices: { name: string }[] }).devices.map(
      ({ name }) => name,
    )
  : []
const read = (name: string): Expected =>
  JSON.parse(readFileSync(join(folder, 'expected', `${name}.json`), 'utf8')) as Expected

async function poll(name: string): Promise<DeviceForm> {
  const agent = await startRecording(join(folder, 'snmprec_augmented', `${name}.snmprec`))
  try {
    const { form, reachable } = await pollOnce(
      {
        host: agent.address,
        port: agent.port,
        auth: { version: 'v2c', community: 'public' },
        timeoutMs: 5_000,
        retries: 2,
      },
      { clock: systemClock, random: seededRandom(3), budgetMs: 60_000 },
    )
    expect(reachable).toBe(true)
    return deviceFormSchema.parse(form)
  } finally {
    agent.close()
  }
}

describe.skipIf(names.length === 0)('recordings of real devices (skipped: WEIR_MATERIAL has no snmp/librenms)', () => {
  const tally = { sensors: 0, found: 0, facts: 0, same: 0 }

  it.each(names)('%s: what another monitor found on it, is found', { timeout: 90_000 }, async name => {
    const expected = read(name)
    const form = await poll(name)
    expect(form.poll.errors).toEqual([])
    expect(form.system.os).toBe(expected.device.os)

    // Ports: every one that the recording holds, with the same identity, state and, where a double can hold it, octets.
    const rows = new Map(form.interfaces.map(row => [row.ifIndex, row]))
    const ports = expected.ports.filter(port => rows.has(port.ifIndex))
    expect(ports.length).toBeGreaterThan(0.85 * expected.ports.length)
    for (const port of ports) {
      const row = rows.get(port.ifIndex)!
      if (port.ifName !== null) expect(row.ifName).toBe(port.ifName)
      if (port.ifOperStatus !== null) expect(row.operStatus).toBe(port.ifOperStatus)
      if (port.ifAdminStatus !== null) expect(row.adminStatus).toBe(port.ifAdminStatus)
      const octets = row.counters.ifHCInOctets ?? row.counters.ifInOctets
      if (octets !== undefined && port.ifInOctets) expect(Number(octets)).toBe(port.ifInOctets)
    }

    const sensors = new Map(form.sensors.map(sensor => [`.${sensor.id} ${sensor.class}`, sensor]))
    for (const { sensor_class, sensor_oid, sensor_current } of expected.sensors) {
      const found = sensors.get(`${sensor_oid} ${sensor_class}`)
      const close =
        found?.value == null ||
        sensor_current === null ||
        Math.abs(found.value - sensor_current) <= Math.max(0.01, 0.01 * Math.abs(sensor_current))
      tally.sensors++
      if (found && close) tally.found++
    }
    for (const fact of ['version', 'serial'] as const) {
      if (expected.device[fact] === null) continue
      tally.facts++
      const found = form.system[fact]
      if (found !== null && (expected.device[fact].includes(found) || found.includes(expected.device[fact])))
        tally.same++
    }
  })

  afterAll(() => {
    expect(tally.found / tally.sensors).toBeGreaterThan(0.95)
    expect(tally.same / tally.facts).toBeGreaterThan(0.9)
  })
})
