import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Alarm } from '../../libs/model/src/index.ts'
import { freeUdpPort, getJson, runWeir, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-reload-'))
const configFile = join(folder, 'weir.yaml')
let weir: WeirProcess
let socket: Socket
let flowPort: number
let agentPort: number

/** A site with devices on ports that nobody answers. */
function write(devices: readonly string[], more: object = {}): void {
  writeFileSync(
    configFile,
    JSON.stringify({
      data: join(folder, 'data'),
      status: { port: 0 },
      gateway: { port: 0 },
      tenants: [{ id: 'acme' }],
      sites: [{ id: 'hq', tenant: 'acme' }],
      devices: devices.map((id, i) => ({
        ...{ id, tenant: 'acme', site: 'hq', address: `127.78.0.${i + 1}` },
        snmp: { auth: 'office', port: agentPort, intervalMs: 1_000 },
      })),
      poller: { auths: { office: { version: 'v2c', community: 'public' } }, reachability: { enabled: false } },
      collector: { trustLoopback: false, listeners: [{ port: flowPort, tenantId: 'acme' }] },
      ...more,
    }),
  )
}

beforeAll(async () => {
  flowPort = await freeUdpPort()
  agentPort = await freeUdpPort()
  write(['first'])
  weir = await startWeir(['all', '--config', configFile])
  socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.78.0.2', resolve))
})

afterAll(async () => {
  socket.close()
  weir.signal('SIGKILL')
  await weir.ended
  rmSync(folder, { recursive: true, force: true })
})

const deviceIds = async () =>
  (await getJson<{ data: { deviceId: string }[] }>(`${weir.gateway}/api/v1/devices`)).data.map(one => one.deviceId)
const dark = async () =>
  (await getJson<{ data: Alarm[] }>(`${weir.gateway}/api/v1/alarms`)).data
    .filter(one => one.alarmTypeId === 'device-unreachable' && !one.isCleared)
    .map(one => one.deviceId)
const metric = async (name: string): Promise<number> => {
  const body = await (await fetch(weir.metrics)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1])
}
const reload = async () => {
  const answer = await fetch(new URL('/-/reload', weir.metrics), { method: 'POST' })
  return { status: answer.status, text: await answer.text() }
}

it('F32: a reload watches new devices, lets old ones go, and knows their exporters, without a restart', async () => {
  await until('the first is dark', async () => ((await dark()).includes('first') ? true : undefined), 60_000)
  socket.send(Buffer.concat([Buffer.of(0, 9, 0, 0), Buffer.alloc(16)]), flowPort, '127.0.0.1')
  await until(
    'its exporter waits',
    async () =>
      (await getJson<{ data: unknown[] }>(`${weir.gateway}/api/v1/unknown-exporters`)).data.length === 1 || undefined,
    30_000,
  )

  write(['first', 'second'], { gateway: { port: 1 } })
  expect(await reload()).toEqual({ status: 200, text: 'reloaded; these need a restart: gateway.port\n' })
  expect(await deviceIds()).toEqual(['first', 'second'])
  await until('the second is dark', async () => ((await dark()).includes('second') ? true : undefined), 60_000)
  await until(
    'its exporter is known',
    async () =>
      (await getJson<{ data: { exporterId: string }[] }>(`${weir.gateway}/api/v1/exporters`)).data.some(
        one => one.exporterId === 'acme/collector/127.78.0.2',
      ) || undefined,
    30_000,
  )

  write(['second'])
  weir.signal('SIGHUP')
  await until('the first is gone', async () => ((await deviceIds()).join() === 'second' ? true : undefined), 20_000)
}, 180_000)

it('refuses a configuration that is wrong as a whole, says so, and goes on as before', async () => {
  write(['second', 'third'], { sites: [] })
  const refused = await reload()
  expect(refused.status).toBe(500)
  expect(refused.text).toContain('not reloaded')
  expect(await metric('weir_config_last_reload_successful')).toBe(0)
  expect(await deviceIds()).toEqual(['second'])
  const checked = await runWeir(['config', 'check', '--config', configFile])
  expect(checked.code).toBe(2)
  expect(checked.stderr).toContain('hq')

  write(['second', 'third'])
  expect((await runWeir(['config', 'check', '--config', configFile])).stdout).toContain('2 devices (2 polled)')
  expect((await reload()).status).toBe(200)
  expect(await metric('weir_config_last_reload_successful')).toBe(1)
  const dumped = await runWeir(['config', 'dump', '--config', configFile])
  expect(dumped.stdout).toContain('community: …')
  expect(dumped.stdout).not.toContain('public')
}, 60_000)

it('takes devices of another system’s file over when that changes, and keeps them while it is wrong', async () => {
  const file = join(folder, 'targets.json')
  const targets = (...names: string[]) =>
    names.map((id, i) => ({ targets: [`127.78.1.${i + 1}:${agentPort}`], labels: { id } }))
  writeFileSync(file, JSON.stringify(targets('fourth')))
  const defaults = { tenant: 'acme', site: 'hq', auth: 'office' }
  write(['second'], { deviceFiles: [{ kind: 'file_sd', file, defaults }] })
  expect((await reload()).status).toBe(200)
  expect(await deviceIds()).toEqual(['fourth', 'second'])

  writeFileSync(file, JSON.stringify(targets('fourth', 'fifth')))
  await until('the fifth', async () => (await deviceIds()).includes('fifth') || undefined, 20_000)
  writeFileSync(file, '[{')
  await until(
    'the refusal',
    async () => (await metric('weir_config_last_reload_successful')) === 0 || undefined,
    20_000,
  )
  expect(await deviceIds()).toEqual(['fifth', 'fourth', 'second'])
}, 60_000)
