import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freeUdpPort, getJson, runWeir, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

interface Exporter {
  exporterId: string
  health: { records: string; samplingRates: number[] } | null
}

const folder = mkdtempSync(join(tmpdir(), 'weir-adoption-'))
const configFile = join(folder, 'weir.yaml')
let weir: WeirProcess
let socket: Socket
let port: number

beforeAll(async () => {
  port = await freeUdpPort()
  writeFileSync(
    configFile,
    `data: ${JSON.stringify(join(folder, 'data'))}
status: { port: 0 }
tenants: [{ id: acme }, { id: globex }]
collector: { trustLoopback: false, listeners: [{ port: ${port}, tenantId: acme }] }
gateway: { port: 0 }
`,
  )
  weir = await startWeir(['all', '--config', configFile])
  socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.77.0.1', resolve))
})

afterAll(async () => {
  socket.close()
  weir.signal('SIGKILL')
  await weir.ended
  rmSync(folder, { recursive: true, force: true })
})

/** NetFlow v5 with one record of 1,000 octets that ended now. */
function send(sequence: number): void {
  const datagram = Buffer.alloc(24 + 48)
  datagram.writeUInt16BE(5, 0)
  datagram.writeUInt16BE(1, 2)
  datagram.writeUInt32BE(60_000, 4)
  datagram.writeUInt32BE(Math.floor(Date.now() / 1_000), 8)
  datagram.writeUInt32BE(sequence, 16)
  datagram.writeUInt32BE(1, 24 + 16)
  datagram.writeUInt32BE(1_000, 24 + 20)
  datagram.writeUInt32BE(59_000, 24 + 24)
  datagram.writeUInt32BE(59_900, 24 + 28)
  socket.send(datagram, port, '127.0.0.1')
}

const exporters = async () => (await getJson<{ data: Exporter[] }>(`${weir.gateway}/api/v1/exporters`)).data

it('F32: an exporter that nobody knows is listed, and stored from its first datagram on once it is adopted', async () => {
  for (let i = 0; i < 25; i++) send(i)
  const listed = await until(
    'the list',
    async () => {
      const { stdout } = await runWeir(['exporters', '--gateway', weir.gateway])
      return / 25 +25 +waiting/.test(stdout) ? stdout : undefined
    },
    30_000,
  )
  expect(listed).toMatch(/^acme\/collector\/127\.77\.0\.1 +\d+ +netflow5 .* 25 +25 +waiting$/m)
  expect(await exporters()).toEqual([])

  const adopted = await runWeir(['exporters', 'adopt', '127.77.0.1', '--tenant', 'globex', '--gateway', weir.gateway])
  expect(adopted).toEqual({ code: 0, stdout: 'globex/collector/127.77.0.1 adopted\n', stderr: '' })
  const known = await until(
    'its records',
    async () => (await exporters()).find(({ health }) => health?.records === '25'),
    30_000,
  )
  expect(known.exporterId).toBe('globex/collector/127.77.0.1')

  weir.signal('SIGKILL')
  await weir.ended
  weir = await startWeir(['all', '--config', configFile])
  send(25)
  await until('its next record', async () => (await exporters()).find(({ health }) => health?.records === '26'), 30_000)
  const shown = await runWeir(['exporters', 'show', '127.77.0.1', '--gateway', weir.gateway])
  expect(shown.code).toBe(0)
  expect(shown.stdout).toContain('nothing to change on it')
  await until(
    'the empty list',
    async () => {
      const { data } = await getJson<{ data: unknown[] }>(`${weir.gateway}/api/v1/unknown-exporters`)
      return data.length === 0 || undefined
    },
    30_000,
  )
  const absent = await runWeir(['exporters', 'reject', '127.77.0.1', '--gateway', weir.gateway])
  expect(absent.code).toBe(1)
  expect(absent.stderr).toContain('there is no unknown exporter 127.77.0.1')
}, 120_000)
