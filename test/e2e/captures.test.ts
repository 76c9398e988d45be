import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { captures, expectCaptureTotals } from '../support/capture-totals.ts'
import { hasMaterial } from '../support/material.ts'
import { freeUdpPort, startWeir, type WeirProcess } from '../support/weir-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-captures-'))
let weir: WeirProcess
let port: number

describe.skipIf(!hasMaterial)('captures replayed over UDP (needs the material folder)', () => {
  beforeAll(async () => {
    port = await freeUdpPort()
    const data = join(folder, 'data')
    mkdirSync(data)
    const config = {
      data,
      log: { level: 'warn' },
      status: { port: 0 },
      gateway: { port: 0 },
      collector: {
        addressTable: join(data, 'exporter-addresses.json'),
        // Any protocol on any port.
        listeners: [{ host: '127.0.0.1', port }],
      },
    }
    writeFileSync(join(folder, 'weir.yaml'), JSON.stringify(config))
    weir = await startWeir(['all', '--config', join(folder, 'weir.yaml')])
  })

  afterAll(async () => {
    weir.signal('SIGTERM')
    await weir.ended
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(captures)(
    '%s: %s totals through REST equal the expected ones',
    async (_, id) => {
      await expectCaptureTotals(id, { gateway: weir.gateway, data: join(folder, 'data'), port })
    },
    90_000,
  )
})
