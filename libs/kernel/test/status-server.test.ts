import { afterEach, describe, expect, it } from 'vitest'
import { createMetrics, createStatusServer, type Readiness, type StatusServer, silentLogger } from '../src/index.ts'

let server: StatusServer | undefined
let acted = 0

afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function start(readiness: () => Readiness, metrics = createMetrics()): Promise<string> {
  server = createStatusServer({
    config: { host: '127.0.0.1', port: 0 },
    metrics,
    readiness,
    routes: [
      async path => {
        if (path === '/snmp') return { status: 200, contentType: 'text/plain', body: 'if_mib\n' }
        if (path === '/metrics') return { status: 200, contentType: 'text/plain', body: 'ifInOctets 1\n' }
        return undefined
      },
    ],
    actions: {
      '/-/reload': async () => {
        acted++
        return { status: 200, contentType: 'text/plain', body: 'reloaded\n' }
      },
    },
    log: silentLogger,
  })
  await server.start()
  return `http://127.0.0.1:${server.port}`
}

describe('status server', () => {
  it('answers health always and readiness when ready', async () => {
    let ready = false
    const url = await start(() => (ready ? { ready } : { ready, reason: 'bus: no broker' }))
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200)
    const notReady = await fetch(`${url}/-/ready`)
    expect([notReady.status, await notReady.text()]).toEqual([503, 'not ready: bus: no broker\n'])
    ready = true
    expect((await fetch(`${url}/-/ready`)).status).toBe(200)
  })

  it('serves plain counters as they stand at the scrape, and what routes add', async () => {
    const metrics = createMetrics()
    let received = 0
    metrics.counters('weir_test_received_total', 'Received', ['code'], () => [[{ code: 'a"b\n' }, received]])
    const url = await start(() => ({ ready: true }), metrics)
    received = 41
    received++
    const body = await (await fetch(`${url}/metrics`)).text()
    expect(body).toContain('weir_test_received_total{code="a\\"b\\n"} 42')
    expect(body).toContain('ifInOctets 1')
    expect(await (await fetch(`${url}/snmp?target=a`)).text()).toBe('if_mib\n')
  })

  it('acts on a POST to a path that has an action, and not for pages of other sites', async () => {
    const url = await start(() => ({ ready: true }))
    const posted = await fetch(`${url}/-/reload`, { method: 'POST' })
    expect([posted.status, await posted.text()]).toEqual([200, 'reloaded\n'])
    const headers = { origin: 'https://example.org' }
    expect((await fetch(`${url}/-/reload`, { method: 'POST', headers })).status).toBe(403)
    expect((await fetch(`${url}/-/reload`)).status).toBe(404)
    expect(acted).toBe(1)
  })

  it('refuses other methods and unknown paths', async () => {
    const url = await start(() => ({ ready: true }))
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${url}/nope`)).status).toBe(404)
  })

  it('names the setting when its port is taken', async () => {
    const url = await start(() => ({ ready: true }))
    const second = createStatusServer({
      config: { host: '127.0.0.1', port: Number(new URL(url).port) },
      metrics: createMetrics(),
      readiness: () => ({ ready: true }),
      log: silentLogger,
    })
    await expect(second.start()).rejects.toThrow('set status.port')
  })
})
