import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../kernel/src/index.ts'
import {
  columnAddressText,
  createExporterDecoder,
  type ExporterDecoder,
  FlowColumns,
  readDatagrams,
  sflowVersion,
} from '../src/index.ts'

/** Public captures of many exporters with what tshark, nfdump, goflow2 and pmacct read from them. */
const material = process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material')
const flows = join(material, 'flows')
const adversarial = join(material, 'adversarial/zzuf')

interface Consensus {
  value: number
  unanimous?: boolean
  backed_by_golden?: boolean
}

interface OracleCase {
  replay_pcap: string
  consensus: Record<string, Consensus>
  tools: { tshark?: { records_file?: string } }
}

type Totals = Record<string, number>

/**
 * Where we differ from what all tools agree on (docs/reference/flow-decoding.md): they drop data that comes before its
 * template, we hold it; and none of them takes the octets of IE 231 and 232 where IE 1 is missing.
 */
const decided: Record<string, Totals> = {
  'logstash/ipfix-netscaler-with-variable-length-fields-2': { flow_records: 3, octets: 3_106, packets: 5 },
  'vflow/ipfix-testdecodedatatpl': { flow_records: 4, octets: 2_038, packets: 22 },
  'bitkeks/v9-mixed': { flow_records: 8, octets: 164_207, packets: 208 },
  'netflow_parser/it-parses-ipfix-mixed-enteprise-and-non-enterprise-fields': { octets: 223_874, packets: 1_355 },
}

/** Cases without a unanimous reading, and ours. */
const disputed: Record<string, Totals> = {
  // The header's count lies; the length holds thirty records.
  'logstash/netflow-5-invalid-01': { flow_records: 30, octets: 3_685_383_960, packets: 529_620 },
  'logstash/netflow-5-invalid-02': { flow_records: 30, octets: 7_452_936_707, packets: 8_336_652_083 },
  // The header counts fewer sets than are there; lengths are trusted.
  'logstash/netflow-9-invalid-01': { flow_records: 2, octets: 194, packets: 2 },
  // ASA: IE 85 in one, IE 231 and 232 in the other.
  'logstash/netflow-9-cisco-asa': { flow_records: 14, octets: 888 },
  'logstash/netflow-9-cisco-asa-2': { flow_records: 19, octets: 130_362 },
  // YAF counts in IE 85 and 86; the reverse half is a record of its own and not in these sums.
  'logstash/ipfix-yaf-basic-with-applabel': { flow_records: 2, octets: 304, packets: 6, option_records: 1 },
  'logstash/netflow-9-h3c': { flow_records: 16, octets: 8_729_687, packets: 6_113 },
  'netflow_parser/it-parses-v7': { flow_records: 1, octets: 66_051, packets: 101_124_105 },
  'netflow_parser/it-parses-multiple-packets': { flow_records: 5, octets: 151_258_890, packets: 286_595_355 },
  'bitkeks/v1': { flow_records: 2, octets: 1_680, packets: 20 },
  // A message that is cut: its complete records are kept.
  'vflow/ipfix-init': { flow_records: 4, octets: 92_800, packets: 1_600 },
  // Option lengths that are no whole fields (nfdump refuses them too).
  'netflow_parser/options-no-data': { flow_records: 0, option_records: 0 },
}

/** Records that we have and tshark has not, and why; in all other cases there are none. */
const beyondTshark: Record<string, number> = {
  // Ixia's variable lengths, and an id that served options before, are beyond it.
  'logstash/ipfix-from-ixia-something-something': 1,
  'logstash/unused-ipfix-test-ixia-tpldata271.dat': 2,
  'netflow_parser/can-read-v9-with-options-template-and-template': 1,
  // Sets past the header's count.
  'logstash/netflow-9-invalid-01': 2,
  // It stops at H3C's text of variable length.
  'logstash/netflow-9-h3c': 15,
  // Data before its template.
  'logstash/ipfix-netscaler-with-variable-length-fields-2': 3,
  'vflow/ipfix-testdecodedatatpl': 4,
  'bitkeks/v9-mixed': 8,
  // The complete records of messages that are cut.
  'vflow/ipfix-init': 2,
}

interface Reading {
  columns: FlowColumns
  exporters: string[]
  totals: Totals
}

function read(pcap: string): Reading {
  const decoders = new Map<string, ExporterDecoder>()
  const columns = new FlowColumns(64)
  const exporters: string[] = []
  let optionRecords = 0
  for (const { payload, source, sourcePort, timestampMs } of readDatagrams(readFileSync(pcap))) {
    let decoder = decoders.get(source)
    if (!decoder) {
      decoder = createExporterDecoder({ duplicates: 'keep', reverseRecords: false })
      decoders.set(source, decoder)
    }
    optionRecords += decoder.decode(payload, sourcePort, timestampMs, columns).optionsRecords
    while (exporters.length < columns.length) exporters.push(source)
  }
  const totals = {
    flow_records: 0,
    octets: 0,
    packets: 0,
    flow_samples: 0,
    sum_frame_length: 0,
    sum_frame_length_x_rate: 0,
  }
  for (let row = 0; row < columns.length; row++) {
    const octets = Number(columns.octets[row])
    if (columns.version[row] === sflowVersion) {
      totals.flow_samples++
      totals.sum_frame_length += octets
      totals.sum_frame_length_x_rate += octets * columns.samplingRate[row]!
    } else {
      totals.flow_records++
      totals.octets += octets
      totals.packets += Number(columns.packets[row])
    }
  }
  const counterSamples = [...decoders.values()].reduce((sum, decoder) => sum + decoder.counters.counterSamples, 0)
  return { columns, exporters, totals: { ...totals, option_records: optionRecords, counter_samples: counterSamples } }
}

const missing = !existsSync(join(flows, 'oracle.json'))

describe.skipIf(missing)(`public captures in ${flows}${missing ? ' (ABSENT: set WEIR_MATERIAL)' : ''}`, () => {
  const cases = missing
    ? {}
    : (JSON.parse(readFileSync(join(flows, 'oracle.json'), 'utf8')) as { cases: Record<string, OracleCase> }).cases

  for (const [id, { replay_pcap, consensus, tools }] of Object.entries(cases)) {
    it(id, () => {
      const { totals, columns, exporters } = read(join(flows, replay_pcap))
      const own = { ...decided[id], ...disputed[id] }
      for (const [name, { value, unanimous, backed_by_golden }] of Object.entries(consensus)) {
        if (name in own || unanimous || backed_by_golden) expect(totals[name], name).toBe(own[name] ?? value)
      }
      const records = tools.tshark?.records_file
      if (records && existsSync(join(flows, records))) compareWithTshark(id, join(flows, records), columns, exporters)
    })
  }
})

type TsharkRecord = Record<string, string | number | null>

/** Field by field: each of tshark's records is one of ours, in the same order, and what we have beyond is accounted for. */
function compareWithTshark(id: string, file: string, columns: FlowColumns, exporters: readonly string[]): void {
  const expected = JSON.parse(readFileSync(file, 'utf8')) as TsharkRecord[]
  let row = 0
  let beyond = 0
  for (const [index, record] of expected.entries()) {
    const first = row
    while (row < columns.length && differences(record, columns, row, exporters[row]!).length > 0) row++
    if (row === columns.length) {
      const why =
        first < columns.length ? differences(record, columns, first, exporters[first]!) : ['no record is left']
      expect.fail(`tshark's record ${index} is none of ours from ${first} on: ${why.join(', ')}`)
    }
    beyond += row++ - first
  }
  expect(beyond + columns.length - row, 'records beyond tshark’s').toBe(beyondTshark[id] ?? 0)
}

function differences(record: TsharkRecord, columns: FlowColumns, row: number, exporter: string): string[] {
  const ours: TsharkRecord = {
    src: columnAddressText(columns.sourceAddress, row),
    dst: columnAddressText(columns.destinationAddress, row),
    next_hop: columnAddressText(columns.nextHop, row),
    in_if: columns.inputInterface[row]!,
    out_if: columns.outputInterface[row]!,
    packets: String(columns.packets[row]),
    octets: String(columns.octets[row]),
    sport: columns.sourcePort[row]!,
    dport: columns.destinationPort[row]!,
    tcp_flags: columns.tcpFlags[row]!,
    proto: columns.protocol[row]!,
    src_as: columns.sourceAs[row]!,
    dst_as: columns.destinationAs[row]!,
    exporter,
  }
  const found: string[] = []
  for (const [name, value] of Object.entries(record)) {
    if (value === null) continue
    if (!(name in ours)) expect.fail(`nothing is compared with ${name}`)
    // Procera's template has both families, and tshark printed the first: 0.0.0.0 in IPv6 records.
    if (value === '0.0.0.0' && String(ours[name]).includes(':')) continue
    const theirs = name === 'tcp_flags' ? Number(value) : value
    if (String(ours[name]) !== String(theirs)) found.push(`${name} ${ours[name]}, not ${theirs}`)
  }
  return found
}

const noAdversarial = !existsSync(adversarial)

describe.skipIf(noAdversarial)(
  `mutated datagrams in ${adversarial}${noAdversarial ? ' (ABSENT: set WEIR_MATERIAL)' : ''}`,
  () => {
    const files = noAdversarial ? [] : readdirSync(adversarial).filter(name => name.endsWith('.pcap'))
    for (const file of files) {
      it(`${file}: no throw, and no time that cannot be`, () => {
        const { columns, totals } = read(join(adversarial, file))
        expect(totals.flow_records! + totals.flow_samples!).toBe(columns.length)
        for (let row = 0; row < columns.length; row++) expect(columns.endMs[row]! >= columns.startMs[row]!).toBe(true)
      })
    }
  },
)
