import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMetrics, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { deviceUrlSchema, deviceUrls, lastListOf } from '../src/inventory/device-urls.ts'
import { fetchTargets } from '../src/inventory/fetch-targets.ts'

let server: Server
let base: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
const json = (body: unknown, status = 200, type = 'application/json') => {
  answer = (_, response) => void response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const defaults = { tenant: 'acme', site: 'hq', auth: 'office' }
const source = (kind: 'http_sd' | 'netbox', more: object = {}) =>
  deviceUrlSchema.parse({ kind, url: base, defaults, ...more })

describe('lists of other systems', () => {
  it('are taken from http_sd as they are, with its token', async () => {
    let asked: IncomingMessage | undefined
    answer = (request, response) => {
      asked = request
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      response.end(JSON.stringify([{ targets: ['192.0.2.1'], labels: { id: 'sw1', vlan: 7 } }]))
    }
    expect(await fetchTargets(source('http_sd', { token: 't0ken' }))).toEqual([
      { targets: ['192.0.2.1'], labels: { id: 'sw1', vlan: '7' } },
    ])
    expect(asked!.headers.authorization).toBe('Bearer t0ken')
    json([])
    expect(await fetchTargets(source('http_sd'))).toEqual([])
  })

  it('are put together of NetBox’s pages, and only of its own', async () => {
    const device = (id: number, more: object = {}) => ({
      id,
      name: `Switch ${id}`,
      primary_ip: { address: `192.0.2.${id}/24` },
      site: { slug: 'oslo' },
      tenant: { slug: 'northwind' },
      role: { slug: 'access' },
      ...more,
    })
    answer = (request, response) => {
      const second = request.url!.includes('offset=2')
      const body = second
        ? {
            next: null,
            results: [
              device(3, { name: null, role: undefined, device_role: { slug: 'pdu' } }),
              device(4, { primary_ip: null }),
            ],
          }
        : {
            next: `${base}/api/dcim/devices/?limit=2&offset=2`,
            results: [device(1), device(2, { primary_ip: { address: '2001:db8::2/64' } })],
          }
      response.writeHead(request.headers.authorization === 'Token s3cret' ? 200 : 403, {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify(body))
    }
    expect(await fetchTargets(source('netbox', { token: 's3cret' }))).toEqual([
      {
        targets: ['192.0.2.1'],
        labels: { id: 'Switch-1', name: 'Switch 1', site: 'oslo', tenant: 'northwind', role: 'access' },
      },
      {
        targets: ['2001:db8::2'],
        labels: { id: 'Switch-2', name: 'Switch 2', site: 'oslo', tenant: 'northwind', role: 'access' },
      },
      { targets: ['192.0.2.3'], labels: { id: 'netbox-3', site: 'oslo', tenant: 'northwind' } },
    ])
    await expect(fetchTargets(source('netbox'))).rejects.toThrow('403')
    json({ next: 'http://127.0.0.2:1/api/dcim/devices/', results: [] })
    await expect(fetchTargets(source('netbox', { token: 's3cret' }))).rejects.toThrow('http://127.0.0.2:1')
  })

  it('are refused whole when the answer is no list', async () => {
    json([], 500)
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow('500')
    json([], 200, 'text/html')
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow('text/html')
    json({ targets: [] })
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow()
    answer = (_, response) => void response.writeHead(302, { location: 'http://127.0.0.2:1/' }).end()
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow()
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('[{"targets"')
      setTimeout(() => response.destroy(), 20)
    }
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow()
    answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const spaces = Buffer.alloc(1 << 20, ' ')
      for (let i = 0; i < 17; i++) response.write(spaces)
      response.end('[]')
    }
    await expect(fetchTargets(source('http_sd'))).rejects.toThrow('octets')
  })

  it('are kept for the next start, and only once the whole configuration took them', async () => {
    const data = mkdtempSync(join(tmpdir(), 'weir-urls-'))
    const url = source('http_sd', { refreshMs: 5_000 })
    const metrics = createMetrics()
    let refuses = true
    let reloads = 0
    json([{ targets: ['192.0.2.1'], labels: { id: 'sw1' } }])
    const component = deviceUrls({
      ...{ urls: [url], data, clock: systemClock, log: silentLogger, metrics },
      async reload() {
        reloads++
        if (refuses) throw new Error('the id is taken')
      },
    })
    try {
      await component.start()
      await vi.waitFor(() => expect(reloads).toBe(1), { timeout: 5_000 })
      await vi.waitFor(async () => expect((await metrics.text()).body).toMatch(/source_failures_total\{[^}]*\} 1/))
      expect(existsSync(lastListOf(data, url).source.file)).toBe(false)
      refuses = false
      await vi.waitFor(() => expect(JSON.parse(lastListOf(data, url).text)[0].labels.id).toBe('sw1'), {
        timeout: 9_000,
      })
      await component.stop()
      json([], 500)
      expect(lastListOf(data, url).text).toContain('sw1')
    } finally {
      await component.stop()
      rmSync(data, { recursive: true, force: true })
    }
  }, 20_000)
})
