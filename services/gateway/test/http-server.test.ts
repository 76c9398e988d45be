import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, packageRoot } from '../../../libs/kernel/src/index.ts'
import { openApiDocument } from '../src/http/openapi.ts'
import { problems } from '../src/http/problem.ts'
import { gatewayConfigSchema } from '../src/index.ts'
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts'

let underTest: GatewayUnderTest
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-wall-'))
  mkdirSync(join(folder, 'wall/assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  mkdirSync(join(folder, 'wall/src'))
  writeFileSync(join(folder, 'wall/src/main.js'), 'secret\n')
  writeFileSync(join(folder, 'wall/index.html'), '<!doctype html><title>Wall</title>')
  writeFileSync(join(folder, 'wall/assets/index-abc123.js'), 'export {}')
  underTest = await startGateway({
    config: { frameAncestors: ['https://signage.example.net'] },
    options: { wallFolder: join(folder, 'wall') },
  })
})
afterAll(async () => {
  await underTest.dispose()
  rmSync(folder, { recursive: true, force: true })
})

interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A request whose path and headers go out as they are; `fetch` would tidy them. */
function raw(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> {
  const { hostname, port } = new URL(underTest.address)
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method, headers }, response => {
      let body = ''
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

describe('the wall', () => {
  it('is served at /wall and for each named screen, and / leads to it', async () => {
    expect(await raw('/')).toMatchObject({ status: 302, headers: { location: '/wall' } })
    for (const path of ['/wall', '/wall/', '/wall/lobby-1', '/wall?diag=55&dist=5']) {
      const { status, headers, body } = await raw(path)
      expect([path, status, body]).toEqual([path, 200, '<!doctype html><title>Wall</title>'])
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(headers['cache-control']).toBe('no-cache')
    }
  })

  it('has assets that are cached for ever, and pages that are asked about', async () => {
    const asset = await raw('/wall/assets/index-abc123.js')
    expect(asset.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    })
    const page = await raw('/wall')
    expect((await raw('/wall', { 'if-none-match': String(page.headers.etag) })).status).toBe(304)
  })

  it.each([
    '/wall/../secret.txt',
    '/wall/..%2fsecret.txt',
    '/wall/%2e%2e/secret.txt',
    '/wall/%2e%2e%2fsecret.txt',
    '/wall/..%5csecret.txt',
    '/wall/....//secret.txt',
    '/wall//etc/passwd',
    '/wall/assets/../../secret.txt',
    '/wall/%00',
    '/wall/index.html%00.js',
    '/wall/%c0%ae%c0%ae/secret.txt',
    '/wall/__proto__',
    '/wall/missing.js',
    '/wall/src/main.js',
  ])('gives nothing outside its folder: %s (F90)', async path => {
    const { status, body } = await raw(path)
    expect(body).not.toContain('secret\n')
    // A name without dots may be a screen's: then it is the page, and only the page.
    if (status === 200) expect(body).toContain('<title>Wall</title>')
    else expect([400, 404]).toContain(status)
  })
})

describe('every answer', () => {
  it.each(['/wall', '/api/v1/tenants', '/api/v1/nothing', '/nothing'])(
    '%s has the headers that keep pages safe',
    async path => {
      const { headers } = await raw(path)
      expect(headers['content-security-policy']).toContain("default-src 'self'")
      expect(headers['content-security-policy']).toContain('frame-ancestors https://signage.example.net')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
      expect(headers['access-control-allow-origin']).toBeUndefined()
    },
  )

  it.each([
    ['a name that DNS points here', { host: 'rebound.evil.example' }, 'host-refused'],
    ['another port of this name', { host: 'localhost:1' }, 'host-refused'],
    ['a page of another site', { origin: 'https://evil.example' }, 'origin-refused'],
    ['a sandboxed page', { origin: 'null' }, 'origin-refused'],
  ])('for %s is a refusal', async (_, headers, code) => {
    const answer = await raw('/api/v1/tenants', headers)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.body).code).toBe(code)
  })

  it('passes for loopback by each of its names', async () => {
    const { port } = new URL(underTest.address)
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      expect((await raw('/api/v1/tenants', { host: `${name}:${port}` })).status).toBe(200)
    }
    expect((await raw('/api/v1/tenants', { origin: `http://localhost:${port}` })).status).toBe(200)
  })

  it('cannot be split by what a request says (F90)', async () => {
    const answer = await raw('/wall/x%0d%0aset-cookie:%20a=b')
    expect(answer.headers['set-cookie']).toBeUndefined()
    const echoed = await raw('/api/v1/tenants', { 'x-request-id': 'chosen-by-client' })
    expect(echoed.headers['x-request-id']).not.toBe('chosen-by-client')
  })

  it('to a stream asked for without an upgrade says what is needed', async () => {
    const answer = await raw('/api/v1/live')
    expect(answer.status).toBe(426)
    expect(JSON.parse(answer.body).code).toBe('upgrade-required')
  })
})

describe('the listener', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'noc.example.net'])(
    'refuses %s while there is no authentication',
    async host => {
      await expect(startGateway({ config: { host } })).rejects.toThrow(ConfigError)
      await expect(startGateway({ config: { host } })).rejects.toThrow(/unsafeListenWithoutAuthentication/)
    },
  )

  it('takes it where the configuration says so by a name nobody overlooks', async () => {
    const open = await startGateway({ config: { host: '0.0.0.0', unsafeListenWithoutAuthentication: true } })
    const { port } = new URL(open.address)
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/tenants`)
    expect(response.status).toBe(200)
    await open.dispose()
  })

  it('says which port is taken', async () => {
    const { port } = new URL(underTest.address)
    await expect(startGateway({ config: { port: Number(port) } })).rejects.toThrow(/set gateway.port to a free one/)
  })

  it('refuses settings it does not know', () => {
    expect(gatewayConfigSchema.safeParse({ prot: 8080 }).success).toBe(false)
  })
})

describe('the reference', () => {
  it('has the OpenAPI document of this code (else: node dist/services/gateway/src/write-openapi.js)', async () => {
    const committed = JSON.parse(readFileSync(join(packageRoot, 'docs/reference/openapi.json'), 'utf8'))
    expect(await openApiDocument()).toEqual(committed)
    const served = JSON.parse((await raw('/api/v1/openapi.json')).body)
    expect(served.paths).toEqual(committed.paths)
  })

  it('explains every problem code', () => {
    const text = readFileSync(join(packageRoot, 'docs/reference/http-api.md'), 'utf8')
    const rows = Object.entries(problems).map(([code, { status }]) => `| \`${code}\` | ${status} |`)
    expect(rows.filter(row => !text.includes(row))).toEqual([])
  })
})
