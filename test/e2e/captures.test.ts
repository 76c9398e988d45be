import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasMaterial, materialFolder } from '../support/material.ts'
import { freeUdpPort, postJson, runWeir, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

const captures = [
  ['NetFlow v5', 'logstash/netflow5-juniper-mx80'],
  ['NetFlow v9', 'logstash/netflow-9-cisco-asr1001-x'],
  ['NetFlow v9 with options', 'netflow_parser/it-parses-v9-with-multiple-options-data'],
  ['IPFIX', 'logstash/ipfix-openbsd-pflow'],
  ['sFlow v5', 'tcpdump/sflow-print-v6'],
] as const

interface Consensus {
  value: number
}
interface OracleCase {
  replay_pcap: string
  protos: string[]
  consensus: Record<string, Consensus>
}
interface Totals {
  octetsExported: string
  packetsExported: string
  records: string
}

const folder = mkdtempSync(join(tmpdir(), 'weir-captures-'))
let weir: WeirProcess
let ports: { netflow: number; ipfix: number; sflow: number }

describe.skipIf(!hasMaterial)('captures replayed over UDP (needs the material folder)', () => {
  const oracle = hasMaterial
    ? (JSON.parse(readFileSync(join(materialFolder, 'flows/oracle.json'), 'utf8')) as {
        cases: Record<string, OracleCase>
      })
    : { cases: {} }

  beforeAll(async () => {
    const [netflow = 0, ipfix = 0, sflow = 0] = await Promise.all([freeUdpPort(), freeUdpPort(), freeUdpPort()])
    ports = { netflow, ipfix, sflow }
    const data = join(folder, 'data')
    mkdirSync(data)
    const config = {
      data,
      log: { level: 'warn' },
      status: { port: 0 },
      gateway: { port: 0 },
      collector: {
        addressTable: join(data, 'exporter-addresses.json'),
        listeners: [netflow, ipfix, sflow].map(port => ({ host: '127.0.0.1', port })),
      },
    }
    writeFileSync(join(folder, 'weir.yaml'), JSON.stringify(config))
    weir = await startWeir(['all', '--config', join(folder, 'weir.yaml')])
  })

  afterAll(async () => {
    weir.signal('SIGTERM')
    expect(await weir.ended).toBe(0)
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(captures)(
    '%s: %s totals through REST equal the expected ones',
    async (_, id) => {
      const found = oracle.cases[id]!
      const isSflow = found.protos.includes('sflow5')
      const tenant = id.replace(/[^a-z0-9]+/g, '-')
      const replay = await runWeir([
        'replay',
        join(materialFolder, 'flows', found.replay_pcap),
        ...['--to', '127.0.0.1', '--port', String(isSflow ? ports.sflow : ports.netflow)],
        ...['--data', join(folder, 'data'), '--tenant', tenant],
      ])
      expect(replay.code, replay.stderr).toBe(0)

      const records = found.consensus[isSflow ? 'flow_samples' : 'flow_records']!.value
      const octets = found.consensus[isSflow ? 'sum_frame_length' : 'octets']!.value
      const packets = isSflow ? records : found.consensus.packets!.value
      const query = {
        tenant,
        by: ['exporter'],
        measure: 'octets',
        range: {
          from: new Date(Date.now() - 3 * 3_600_000).toISOString(),
          to: new Date(Date.now() + 3_600_000).toISOString(),
        },
      }
      const total = await until(
        `${records} records of ${id}`,
        async () => {
          const answer = await postJson<{ total: Totals }>(`${weir.gateway}/api/v1/query/top`, query)
          return Number(answer.total.records) >= records ? answer.total : undefined
        },
        60_000,
      )
      expect({ records: total.records, octets: total.octetsExported, packets: total.packetsExported }).toEqual({
        records: String(records),
        octets: String(octets),
        packets: String(packets),
      })
    },
    90_000,
  )
})
