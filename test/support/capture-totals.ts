import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { materialFolder } from './material.ts'
import { postJson, runWeir, until } from './weir-process.ts'

/** One capture a protocol whose totals several mature tools agree on. */
export const captures = [
  ['NetFlow v5', 'logstash/netflow5-juniper-mx80'],
  ['NetFlow v9', 'logstash/netflow-9-cisco-asr1001-x'],
  ['NetFlow v9 with options', 'netflow_parser/it-parses-v9-with-multiple-options-data'],
  ['IPFIX', 'logstash/ipfix-openbsd-pflow'],
  ['sFlow v5', 'tcpdump/sflow-print-v6'],
] as const

interface OracleCase {
  replay_pcap: string
  protos: string[]
  consensus: Record<string, { value: number }>
}

interface Totals {
  octetsExported: string
  packetsExported: string
  records: string
}

/** Where a running system takes flows, and where its gateway answers. */
export interface RunningSystem {
  gateway: string
  /** Folder of its exporters' address table. */
  data: string
  port: number
}

/** Replays the capture over UDP under a tenant of its own, and holds the totals that REST gives to the expected ones. */
export async function expectCaptureTotals(id: string, system: RunningSystem): Promise<void> {
  const oracle = JSON.parse(readFileSync(join(materialFolder, 'flows/oracle.json'), 'utf8')) as {
    cases: Record<string, OracleCase>
  }
  const found = oracle.cases[id]!
  const isSflow = found.protos.includes('sflow5')
  const tenant = id.replace(/[^a-z0-9]+/g, '-')
  const replay = await runWeir([
    'replay',
    join(materialFolder, 'flows', found.replay_pcap),
    ...['--to', '127.0.0.1', '--port', String(system.port)],
    ...['--data', system.data, '--tenant', tenant],
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
      const answer = await postJson<{ total: Totals }>(`${system.gateway}/api/v1/query/top`, query)
      return Number(answer.total.records) >= records ? answer.total : undefined
    },
    60_000,
  )
  expect({ records: total.records, octets: total.octetsExported, packets: total.packetsExported }).toEqual({
    records: String(records),
    octets: String(octets),
    packets: String(packets),
  })
}
