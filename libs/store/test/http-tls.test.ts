import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouseFront, frontUsers, startClickHouseFront } from '../../../test/clickhouse/start-front.ts'
import { createMetrics, silentLogger } from '../../kernel/src/index.ts'
import { createHttpStore } from '../src/http/index.ts'
import { httpStoreConfigSchema } from '../src/index.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

describe.skipIf(!hasOpenssl)(
  `http store, over TLS${hasOpenssl ? '' : ' — SKIPPED: there is no openssl to make certificates with'}`,
  () => {
    let folder: string
    let front: ClickHouseFront
    let url: string
    let close: () => void
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'weir-tls-'))
      front = await startClickHouseFront(folder)
      for (const name of ['server', 'client']) {
        const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
        const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
        execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject], {
          stdio: 'ignore',
        })
      }
      const tls = {
        key: readFileSync(join(folder, 'server.key')),
        cert: readFileSync(join(folder, 'server.pem')),
        ca: readFileSync(join(folder, 'client.pem')),
        requestCert: true,
        rejectUnauthorized: true,
      }
      const server = createServer(tls, (request, response) => {
        const onward = httpRequest(new URL(request.url!, front.url), {
          method: request.method!,
          headers: request.headers,
        })
        onward.on('response', answer => {
          response.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(response)
        })
        request.pipe(onward)
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
      close = () => {
        server.closeAllConnections()
        server.close()
      }
    })
    afterAll(async () => {
      close()
      await front.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    function storeWith(tls: object | undefined) {
      const config = httpStoreConfigSchema.parse({
        kind: 'http',
        url,
        engine: 'single',
        users: frontUsers,
        startTimeoutMs: 0,
        ...(tls ? { tls } : {}),
      })
      return createHttpStore({ config, log: silentLogger, metrics: createMetrics(), retry: { attemptsMax: 1 } })
    }

    it('trusts the authority it is given, and shows its own certificate', async () => {
      const store = storeWith({
        authorityFile: join(folder, 'server.pem'),
        certificateFile: join(folder, 'client.pem'),
        keyFile: join(folder, 'client.key'),
      })
      await store.start()
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
      await store.stop()
    })

    it('refuses a server that no known authority vouches for', async () => {
      await expect(storeWith(undefined).start()).rejects.toMatchObject({
        code: 'store-rejected',
        message: expect.stringContaining('store.tls'),
      })
    })

    it('is refused without its own certificate where the server asks for one', async () => {
      await expect(storeWith({ authorityFile: join(folder, 'server.pem') }).start()).rejects.toMatchObject({
        code: expect.stringMatching(/^store-(unavailable|rejected)$/),
      })
    })
  },
)
