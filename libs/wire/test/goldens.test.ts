import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../../kernel/src/index.ts'
import { DatagramReader, type DecodedRecord, type JsonValue, readDatagrams } from '../src/index.ts'

/**
 * Public captures with what their own projects expect of them: logstash-codec-netflow's specs and netflow_parser's
 * snapshots. Both name fields in their own ways, so values are compared: one of our records has all of an event's.
 */
const flows = join(process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material'), 'flows')

interface Case {
  id: string
  expected: { path: string; format: string }[]
  replay_pcap: string
}

/** What is computed, split or formatted otherwise: tested by the test of material.test.ts, or the value is another one. */
const otherwise = new Set([
  // The header's.
  'version',
  'flow_seq_num',
  'flowset_id',
  'engine_type',
  'engine_id',
  'sampling_algorithm',
  'sampling_interval',
  'flow_records',
  // sysUptime as a time of day; we print the milliseconds that were exported.
  'first_switched',
  'last_switched',
  // Hex with dashes, engine and selector, status and reason, a label's parts; we print the octets.
  'ingress_acl_id',
  'egress_acl_id',
  'application_id',
  'forwarding_status',
  'mpls_label_stack_octets',
  // Octets that are no UTF-8.
  'nprobe_proto_name',
])

/** Snapshots of packets that wait for a template which the snapshot's test gave by other means. */
const withoutTemplate = [
  'it-parses-v9-data-cached-template',
  'it-parses-ipfix-data-cached-template',
  'it-parses-ipfix-multiple-flow-records',
]

const missing = !existsSync(join(flows, 'cases.json'))

describe.skipIf(missing)(`expected values in ${flows}${missing ? ' (ABSENT: set WEIR_MATERIAL)' : ''}`, () => {
  const cases = missing ? [] : (JSON.parse(readFileSync(join(flows, 'cases.json'), 'utf8')) as Case[])
  for (const { id, expected, replay_pcap } of cases) {
    for (const { path, format } of expected) {
      if (format.startsWith('logstash-spec-json')) {
        it(id, () => {
          const { events } = JSON.parse(readFileSync(join(flows, path), 'utf8')) as { events?: LogstashEvent[] }
          const records = valuesOf(join(flows, replay_pcap))
          for (const { netflow = {}, ipfix = {} } of events ?? []) {
            const fields = Object.entries({ ...netflow, ...ipfix }).filter(([name]) => !otherwise.has(name))
            expectOneWith(
              records,
              fields.map(([name, value]) => [name, asText(value)]),
            )
          }
        })
      } else if (format.includes('insta')) {
        it(id, () => {
          if (withoutTemplate.some(name => id.endsWith(name))) return
          const snapshot = parse(readFileSync(join(flows, path), 'utf8').split('---')[2]!) as unknown
          const records = valuesOf(join(flows, replay_pcap))
          for (const record of snapshotRecords(snapshot)) expectOneWith(records, record)
        })
      }
    }
  }
})

interface LogstashEvent {
  netflow?: Record<string, JsonValue>
  ipfix?: Record<string, JsonValue>
}

function valuesOf(pcap: string): Set<string>[] {
  const reader = new DatagramReader()
  const records: Set<string>[] = []
  for (const { payload, source, sourcePort, timestampMs } of readDatagrams(readFileSync(pcap))) {
    for (const record of reader.read(payload, source, sourcePort, timestampMs)) records.push(recordValues(record))
  }
  return records
}

function recordValues({ fields }: DecodedRecord): Set<string> {
  const values = new Set<string>()
  const add = (value: JsonValue): void => {
    if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) add(one)
    else {
      values.add(asText(value))
      const time = typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? Date.parse(value) : undefined
      if (time !== undefined) values.add(String(time)).add(String(Math.floor(time / 1000)))
      // Octets are numbers to others where they are few.
      if (typeof value === 'string' && /^[0-9a-f]{2,16}$/.test(value)) values.add(BigInt(`0x${value}`).toString())
    }
  }
  add(fields)
  return values
}

function asText(value: JsonValue): string {
  if (typeof value !== 'string') return String(value)
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return String(Date.parse(value))
  return value.replace(/^0x/, '').replace(/\0+$/, '')
}

function expectOneWith(records: readonly Set<string>[], wanted: readonly (readonly [string, string])[]): void {
  let closest: string[] | undefined
  for (const values of records) {
    const missed = wanted.filter(([, value]) => value !== '' && !values.has(value)).map(([name, v]) => `${name} ${v}`)
    if (missed.length === 0) return
    if (closest === undefined || missed.length < closest.length) closest = missed
  }
  expect.fail(closest ? `the closest record has no ${closest.join(', ')}` : 'there are no records')
}

/** Plain numbers, addresses and texts of netflow_parser's data and options records. */
function snapshotRecords(node: unknown): [string, string][][] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, child]) => {
    const fields = (child as { fields?: unknown[] } | null)?.fields
    if ((name === 'Data' || name === 'OptionsData') && fields) return fields.map(record => plainValues(record))
    return snapshotRecords(child)
  })
}

const plain = new Set(['U8', 'U16', 'U32', 'U64', 'Ip4Addr', 'Ip6Addr', 'MacAddr'])

function plainValues(node: unknown): [string, string][] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([name, value]): [string, string][] =>
    plain.has(name) ? [[name, String(value).toLowerCase()]] : plainValues(value),
  )
}
