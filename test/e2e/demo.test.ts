import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alarm } from '../../libs/model/src/index.ts'
import { freeUdpPort, getJson, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

interface Page<T> {
  data: T[]
}

interface InterfaceItem {
  interfaceId: string
  inBitsPerSecond: number | null
  asOf: string
  tenantId: string
}

const folder = mkdtempSync(join(tmpdir(), 'weir-demo-'))
let args: string[]
let weir: WeirProcess

beforeAll(async () => {
  const ports = await Promise.all(Array.from({ length: 5 }, freeUdpPort))
  args = ['demo', '--data', folder, '--port', '0', '--status-port', '0']
  args.push('--agent-port', String(ports[0]), '--flow-ports', ports.slice(1, 4).join(','))
  args.push('--trap-port', String(ports[4]))
  weir = await startWeir(args)
})

afterAll(async () => {
  weir.signal('SIGKILL')
  await weir.ended
  rmSync(folder, { recursive: true, force: true })
})

const alarms = () => getJson<Page<Alarm>>(`${weir.gateway}/api/v1/alarms?limit=100`)

describe('npm start', () => {
  it('shows live rates of all three sites and the first alarm within 90 s', async () => {
    const rates = await until(
      'live rates',
      async () => {
        const { data } = await getJson<Page<InterfaceItem>>(`${weir.gateway}/api/v1/interfaces?limit=1000`)
        const moving = data.filter(one => (one.inBitsPerSecond ?? 0) > 0)
        return moving.length > 20 ? moving : undefined
      },
      60_000,
    )
    expect(new Set(rates.map(one => one.tenantId)).size).toBeGreaterThan(1)
    const down = await until(
      'link-down',
      async () => (await alarms()).data.find(alarm => alarm.alarmTypeId === 'link-down' && !alarm.isCleared),
      90_000,
    )
    expect(down.evidence.summary).not.toBe('')
    // A machine slow to start may miss the first trap; a minute later a switch loses power, and its neighbour says so.
    await until(
      'a trap has made its device be polled',
      async () => {
        const text = await (await fetch(weir.metrics)).text()
        const heard = /^weir_events_total\{protocol="snmp",kind="link-down"\} [1-9]/m.test(text)
        return heard && /^weir_polls_expedited_total\{state="asked"\} [1-9]/m.test(text) ? true : undefined
      },
      90_000,
    )
  }, 250_000)

  it('says when it is ready, and serves metrics under the names of if_mib', async () => {
    const status = new URL(weir.metrics).origin
    expect((await fetch(`${status}/-/healthy`)).status).toBe(200)
    expect((await fetch(`${status}/-/ready`)).status).toBe(200)
    const text = await (await fetch(weir.metrics)).text()
    expect(text).toMatch(/^ifHCInOctets\{[^}]*ifIndex="\d+"/m)
    expect(text).toMatch(/^weir_processor_epochs_total/m)
  })

  it('calls the interfaces of an exporter that nobody polls as it does itself', async () => {
    const exporterId = 'northwind/collector/10.255.0.2'
    const top = await until(
      'labelled traffic',
      async () => {
        const response = await fetch(`${weir.gateway}/api/v1/query/top`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            by: ['exporter', 'input-interface'],
            filters: { exporter: [exporterId] },
            range: { from: new Date(Date.now() - 1_800_000).toISOString(), to: new Date().toISOString() },
          }),
        })
        const { data } = (await response.json()) as Page<{ labels: Record<string, { name: string; source: string }> }>
        return data.length > 0 && data.every(({ labels }) => labels['input-interface']) ? data : undefined
      },
      60_000,
    )
    expect(top.map(({ labels }) => labels['input-interface'])).toContainEqual({
      name: 'x1',
      description: 'Outside: nw-edge-1',
      source: 'exporter',
    })
    const names = await getJson<Page<object>>(
      `${weir.gateway}/api/v1/exporters/${encodeURIComponent(exporterId)}/names?kind=vrf`,
    )
    expect(names.data).toMatchObject([
      { number: 0, name: 'root' },
      { number: 1, name: 'guest' },
    ])
  }, 90_000)

  it('ranks raw flows by translated and by MAC addresses', async () => {
    const keys = (by: string) =>
      until(
        `traffic by ${by}`,
        async () => {
          const response = await fetch(`${weir.gateway}/api/v1/query/top`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              by: [by],
              limit: 100,
              range: { from: new Date(Date.now() - 1_800_000).toISOString(), to: new Date().toISOString() },
            }),
          })
          const { data } = (await response.json()) as Page<{ key: Record<string, string> }>
          const found = data.map(({ key }) => key[by]!).filter(value => value !== '' && value !== '::')
          return found.length > 0 ? found : undefined
        },
        60_000,
      )
    expect((await keys('post-nat-source-address')).some(one => one.startsWith('198.51.100.'))).toBe(true)
    expect((await keys('source-mac')).every(one => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(one))).toBe(true)
  }, 130_000)

  it('serves the wall', async () => {
    const page = await fetch(`${weir.gateway}/wall`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>')
  })

  it('F68: ends cleanly when asked to, and goes on where it stopped', async () => {
    const before = (await alarms()).data
    weir.signal('SIGINT')
    expect(await weir.ended).toBe(0)
    weir = await startWeir(args)
    const after = await until(
      'the alarms come back',
      async () => {
        const { data } = await alarms()
        return before.every(alarm => data.some(one => one.alarmId === alarm.alarmId)) ? data : undefined
      },
      60_000,
    )
    expect(after.filter(alarm => alarm.alarmTypeId === 'link-down' && !alarm.isCleared)).toHaveLength(
      before.filter(alarm => alarm.alarmTypeId === 'link-down' && !alarm.isCleared).length,
    )
  }, 120_000)
})
