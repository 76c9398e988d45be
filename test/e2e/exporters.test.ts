import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Alarm } from '../../libs/model/src/index.ts'
import { freeUdpPort, getJson, runWeir, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

interface Template {
  templateId: number
  fields: { name: string; length: number }[]
  firstSeenOffset: string
  changedOffset: string
}

interface Exporter {
  exporterId: string
  health: { protocols: string[]; records: string; templates: { known: number; heldSets: number } } | null
}

const exporterId = 'acme/collector/127.0.0.1'
const folder = mkdtempSync(join(tmpdir(), 'weir-exporters-'))
const configFile = join(folder, 'weir.yaml')
let weir: WeirProcess
let socket: Socket
let port: number
let sequence = 0

beforeAll(async () => {
  port = await freeUdpPort()
  writeFileSync(
    configFile,
    `data: ${JSON.stringify(join(folder, 'data'))}
status: { port: 0 }
tenants: [{ id: acme }]
collector: { listeners: [{ port: ${port}, tenantId: acme }] }
processor: { detection: { templateMissing: { waitMs: 2000 } } }
gateway: { port: 0 }
`,
  )
  weir = await startWeir(['all', '--config', configFile])
  socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  socket.close()
  weir.signal('SIGKILL')
  await weir.ended
  rmSync(folder, { recursive: true, force: true })
})

/** NetFlow v9 of source 7 with one set of four-octet words (data) or two-octet words (templates). */
function send(setId: number, words: readonly number[]): void {
  const octets = setId < 256 ? 2 : 4
  const set = Buffer.alloc(24 + words.length * octets)
  set.writeUInt16BE(9, 0)
  set.writeUInt16BE(1, 2)
  set.writeUInt32BE(10_000_000, 4)
  set.writeUInt32BE(Math.floor(Date.now() / 1_000), 8)
  set.writeUInt32BE(sequence++, 12)
  set.writeUInt32BE(7, 16)
  set.writeUInt16BE(setId, 20)
  set.writeUInt16BE(set.length - 20, 22)
  for (const [i, word] of words.entries()) set.writeUIntBE(word, 24 + i * octets, octets)
  socket.send(set, port, '127.0.0.1')
}

const textWord = (text: string): number => Buffer.from(text).readUInt32BE()

const templates = async () =>
  (await getJson<{ data: Template[] }>(`${weir.gateway}/api/v1/exporters/${encodeURIComponent(exporterId)}/templates`))
    .data
const exporter = async () =>
  (await getJson<{ data: Exporter[] }>(`${weir.gateway}/api/v1/exporters`)).data.find(
    one => one.exporterId === exporterId,
  )
const alarm = async () =>
  (await getJson<{ data: Alarm[] }>(`${weir.gateway}/api/v1/alarms`)).data.find(
    one => one.alarmTypeId === 'template-missing',
  )

it('F11: an exporter without its template is seen, becomes an alarm, and is well once the template comes', async () => {
  const raised = await until(
    'the alarm',
    async () => {
      send(256, [1_000, 2])
      return alarm()
    },
    60_000,
  )
  expect(raised).toMatchObject({ resource: `exporter/${exporterId}`, tenantId: 'acme', isCleared: false })
  expect((await exporter())?.health?.templates).toMatchObject({ known: 0 })
  expect((await exporter())?.health?.templates.heldSets).toBeGreaterThan(0)

  send(0, [256, 2, 1, 4, 2, 4])
  const well = await until(
    'its health',
    async () => {
      const now = await exporter()
      return now?.health?.templates.known === 1 ? now : undefined
    },
    30_000,
  )
  expect(well.health).toMatchObject({ protocols: ['netflow9'], templates: { heldSets: 0 } })
  expect(Number(well.health?.records)).toBeGreaterThan(0)
}, 120_000)

it('lists templates as learned, changed and over a restart, by REST and by command', async () => {
  const [first] = await until(
    'the template',
    async () => ((await templates()).length === 1 ? templates() : undefined),
    20_000,
  )
  expect(first).toMatchObject({
    templateId: 256,
    fields: [
      { name: 'octetDeltaCount', length: 4 },
      { name: 'packetDeltaCount', length: 4 },
    ],
  })
  send(0, [256, 1, 2, 4])
  const [changed] = await until(
    'the other layout',
    async () => {
      const now = await templates()
      return now[0]?.fields.length === 1 ? now : undefined
    },
    30_000,
  )
  expect(changed!.firstSeenOffset).toBe(first!.firstSeenOffset)
  expect(Number(changed!.changedOffset)).toBeGreaterThan(Number(first!.changedOffset))

  weir.signal('SIGKILL')
  await weir.ended
  weir = await startWeir(['all', '--config', configFile])
  expect(await templates()).toEqual([changed])

  const listed = await runWeir(['templates', '127.0.0.1', '--gateway', weir.gateway])
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(/^acme\/collector\/127\.0\.0\.1 .* netflow9 +7 +256 +data .* packetDeltaCount\(4\)$/m)
  const json = await runWeir(['exporters', '--json', '--gateway', weir.gateway])
  expect(JSON.parse(json.stdout)).toMatchObject([{ exporterId, health: { protocols: ['netflow9'] } }])
  const table = await runWeir(['exporters', '--gateway', weir.gateway])
  expect(table.stdout).toMatch(/^acme\/collector\/127\.0\.0\.1 +netflow9 /m)
}, 120_000)

it('keeps the names that an exporter announces over a restart, by REST and by command', async () => {
  // Cisco's "option vrf-table" and "option interface-table", scope System; then their data, and a flow of both.
  send(1, [257, 4, 8, 1, 4, 234, 4, 236, 4, 0])
  send(1, [258, 4, 8, 1, 4, 10, 4, 82, 4, 0])
  send(257, [1, 7, textWord('red\0')])
  send(258, [1, 3, textWord('Gi01')])
  send(0, [259, 4, 1, 4, 2, 4, 10, 4, 234, 4])
  send(259, [1_000, 2, 3, 7])
  const path = `/api/v1/exporters/${encodeURIComponent(exporterId)}/names`
  const names = async () => (await getJson<{ data: object[] }>(weir.gateway + path)).data
  const learned = await until(
    'the names',
    async () => {
      const now = await names()
      return now.length === 2 ? now : undefined
    },
    30_000,
  )
  expect(learned).toMatchObject([
    { kind: 'interface', number: 3, name: 'Gi01' },
    { kind: 'vrf', number: 7, name: 'red' },
  ])

  weir.signal('SIGKILL')
  await weir.ended
  weir = await startWeir(['all', '--config', configFile])
  expect(await names()).toEqual(learned)
  const listed = await runWeir(['exporters', 'names', exporterId, '--gateway', weir.gateway])
  expect(listed.stdout).toMatch(/^interface +3 +Gi01$/m)
  const top = await runWeir(['top', '--by', 'exporter,input-interface', '--gateway', weir.gateway])
  expect(top.stdout).toMatch(/^acme\/collector\/127\.0\.0\.1 +Gi01 \(3\) /m)
  const vrfs = await runWeir(['top', '--by', 'exporter,ingress-vrf', '--gateway', weir.gateway])
  expect(vrfs.stdout).toMatch(/^acme\/collector\/127\.0\.0\.1 +red \(7\) /m)
  const filtered = async (...filters: string[]) => {
    const options = filters.flatMap(filter => ['--filter', filter])
    return await runWeir(['top', '--by', 'ingress-vrf', ...options, '--gateway', weir.gateway])
  }
  expect((await filtered('ingress-vrf=7,8', 'input-interface=3')).stdout).toMatch(/^7 +100\.0 % /m)
  expect((await filtered('ingress-vrf=8')).stdout).not.toMatch(/^7 /m)
  expect(await filtered('source-mac=nonsense')).toMatchObject({ code: 1 })
  expect(await filtered('ingress-vrf')).toMatchObject({ code: 2 })
}, 120_000)

it('says so where no gateway answers, no exporter is so called, or an option is unknown', async () => {
  const closed = await runWeir(['exporters', '--gateway', 'http://127.0.0.1:9'])
  expect(closed).toMatchObject({ code: 1, stdout: '' })
  expect(closed.stderr).toContain('no gateway answers at http://127.0.0.1:9')
  const unknown = await runWeir(['templates', '192.0.2.99', '--gateway', weir.gateway])
  expect(unknown).toMatchObject({ code: 1, stderr: 'weir templates: there is no exporter 192.0.2.99\n' })
  expect((await runWeir(['templates', '--what'])).code).toBe(2)
}, 60_000)
