import { StoreError } from '../store.ts'
import type { FlowDeduplication } from './flow-deduplication.ts'
import type { Predicate } from './tenant-scope.ts'

/** By what flow traffic can be grouped and filtered. An interface's number means something only beside its exporter. */
export const flowDimensions = [
  'tenant',
  'exporter',
  'input-interface',
  'output-interface',
  'protocol',
  'service-port',
  'source-as',
  'destination-as',
  'source-address',
  'destination-address',
  'source-port',
  'destination-port',
  'tos',
  'tcp-flags',
  'vlan',
  'ingress-vrf',
  'egress-vrf',
  'source-network',
  'destination-network',
  'source-site',
  'destination-site',
  'source-country',
  'destination-country',
  'application',
  'dscp',
  'direction',
  'exporter-site',
  'exporter-role',
  'source-mac',
  'destination-mac',
  'post-vlan',
  'customer-vlan',
  'mpls-label',
  'mpls-label-2',
  'mpls-label-3',
  'icmp-type',
  'icmp-code',
  'post-nat-source-address',
  'post-nat-destination-address',
  'post-nat-source-port',
  'post-nat-destination-port',
  'nat-event',
  'firewall-event',
  'forwarding-status',
  'flow-end-reason',
  'application-id',
  'application-name',
  'next-hop',
  'bgp-next-hop',
  'previous-as',
  'next-as',
  'as-path',
] as const
export type FlowDimension = (typeof flowDimensions)[number]

/**
 * Values to keep: numbers, exporter ids, addresses and prefixes (`192.0.2.0/24`, `2001:db8::/32`), MAC addresses, or networks
 * that follow each other somewhere in an AS path (`64500`, `64500 64501`).
 */
export type FlowFilters = Partial<Readonly<Record<FlowDimension, readonly (string | number)[]>>>

interface DimensionSql {
  /** In the rollups by minute, 5 minutes, hour and day; absent where they do not know it. */
  rollup?: string
  /** In the hourly hosts, which know one side's address. */
  talkers?: string
  /** In the hourly pairs of hosts. */
  conversations?: string
  /** In raw flows, which hold what was exported; absent where only the rollup was enriched. */
  raw?: string
  kind: 'text' | 'number' | 'address' | 'mac' | 'path'
}

/** Service port as the rollups have it: the lower port of TCP, UDP, DCCP, SCTP and UDP-Lite, else 0. */
const rawServicePort = 'if(f.protocol IN (6, 17, 33, 132, 136), least(f.source_port, f.destination_port), 0)'

/** Direction as the rollups have it: 0 not given, 1 ingress, 2 egress. */
const rawDirection = 'if(f.direction < 2, f.direction + 1, 0)'

/** 255 of what is no ICMP: exporters write 0 there, which is an echo reply. */
const rawIcmp = (half: string): string => `if(f.protocol IN (1, 58), ${half}, 255)`

const dimensionSql: Readonly<Record<FlowDimension, DimensionSql>> = {
  tenant: {
    rollup: 'f.tenant_id',
    talkers: 'f.tenant_id',
    conversations: 'f.tenant_id',
    raw: 'f.tenant_id',
    kind: 'text',
  },
  exporter: {
    rollup: 'f.exporter_id',
    talkers: 'f.exporter_id',
    conversations: 'f.exporter_id',
    raw: "concat(f.tenant_id, '/', f.collector_id, '/', f.exporter)",
    kind: 'text',
  },
  'input-interface': {
    rollup: 'f.input_interface',
    talkers: 'f.input_interface',
    conversations: 'f.input_interface',
    raw: 'f.input_interface',
    kind: 'number',
  },
  'output-interface': {
    rollup: 'f.output_interface',
    talkers: 'f.output_interface',
    conversations: 'f.output_interface',
    raw: 'f.output_interface',
    kind: 'number',
  },
  protocol: { rollup: 'f.protocol', raw: 'f.protocol', kind: 'number' },
  'service-port': { rollup: 'f.service_port', raw: rawServicePort, kind: 'number' },
  'source-as': { rollup: 'f.source_as', raw: 'f.source_as', kind: 'number' },
  'destination-as': { rollup: 'f.destination_as', raw: 'f.destination_as', kind: 'number' },
  'source-address': {
    talkers: 'f.address',
    conversations: 'f.source_address',
    raw: 'f.source_address',
    kind: 'address',
  },
  'destination-address': {
    talkers: 'f.address',
    conversations: 'f.destination_address',
    raw: 'f.destination_address',
    kind: 'address',
  },
  'source-port': { raw: 'f.source_port', kind: 'number' },
  'destination-port': { raw: 'f.destination_port', kind: 'number' },
  tos: { raw: 'f.tos', kind: 'number' },
  'tcp-flags': { raw: 'f.tcp_flags', kind: 'number' },
  vlan: { raw: 'f.vlan', kind: 'number' },
  'ingress-vrf': { raw: 'f.ingress_vrf', kind: 'number' },
  'egress-vrf': { raw: 'f.egress_vrf', kind: 'number' },
  'source-network': { rollup: 'f.source_network', kind: 'text' },
  'destination-network': { rollup: 'f.destination_network', kind: 'text' },
  'source-site': { rollup: 'f.source_site', kind: 'text' },
  'destination-site': { rollup: 'f.destination_site', kind: 'text' },
  'source-country': { rollup: 'f.source_country', kind: 'text' },
  'destination-country': { rollup: 'f.destination_country', kind: 'text' },
  application: { rollup: 'f.application', kind: 'text' },
  'exporter-site': { rollup: 'f.exporter_site', kind: 'text' },
  'exporter-role': { rollup: 'f.exporter_role', kind: 'text' },
  dscp: { rollup: 'f.dscp', raw: 'bitShiftRight(f.tos, 2)', kind: 'number' },
  direction: { rollup: 'f.direction', raw: rawDirection, kind: 'number' },
  'source-mac': { raw: 'f.source_mac', kind: 'mac' },
  'destination-mac': { raw: 'f.destination_mac', kind: 'mac' },
  'post-vlan': { raw: 'f.post_vlan', kind: 'number' },
  'customer-vlan': { raw: 'f.customer_vlan', kind: 'number' },
  'mpls-label': { raw: 'f.mpls_label_1', kind: 'number' },
  'mpls-label-2': { raw: 'f.mpls_label_2', kind: 'number' },
  'mpls-label-3': { raw: 'f.mpls_label_3', kind: 'number' },
  'icmp-type': { raw: rawIcmp('bitShiftRight(f.icmp_type_code, 8)'), kind: 'number' },
  'icmp-code': { raw: rawIcmp('bitAnd(f.icmp_type_code, 255)'), kind: 'number' },
  'post-nat-source-address': { raw: 'f.post_nat_source_address', kind: 'address' },
  'post-nat-destination-address': { raw: 'f.post_nat_destination_address', kind: 'address' },
  'post-nat-source-port': { raw: 'f.post_nat_source_port', kind: 'number' },
  'post-nat-destination-port': { raw: 'f.post_nat_destination_port', kind: 'number' },
  'nat-event': { raw: 'f.nat_event', kind: 'number' },
  'firewall-event': { raw: 'f.firewall_event', kind: 'number' },
  'forwarding-status': { raw: 'f.forwarding_status', kind: 'number' },
  'flow-end-reason': { raw: 'f.flow_end_reason', kind: 'number' },
  'application-id': { raw: 'f.application_id', kind: 'number' },
  'application-name': { raw: 'f.application_name', kind: 'text' },
  'next-hop': { raw: 'f.next_hop', kind: 'address' },
  'bgp-next-hop': { raw: 'f.bgp_next_hop', kind: 'address' },
  'previous-as': { raw: 'f.previous_as', kind: 'number' },
  'next-as': { raw: 'f.next_as', kind: 'number' },
  'as-path': { raw: 'f.as_path', kind: 'path' },
}

/**
 * Where an answer comes from: `rollup` for years, `talkers` and `conversations` for months, to the hour and of the largest
 * (see `isBounded`), `raw` for the days that flows themselves are kept.
 */
export type FlowSource = 'rollup' | 'talkers' | 'conversations' | 'raw'

/** Sources that list the largest and count the rest together, with what one of the rest can have had at most. */
export function isBounded(source: FlowSource): source is 'talkers' | 'conversations' {
  return source === 'talkers' || source === 'conversations'
}

/** Columns of what one that is not listed can have at most (migration 0013). */
export const unlistedMaxColumns = ['octets_unlisted_max', 'packets_unlisted_max', 'records_unlisted_max'] as const

/** True of the rows of a bounded source that count the rest. */
export const restSql = { talkers: 'f.side > 1', conversations: 'f.is_rest = 1' } as const

/** The source that knows every dimension asked for and keeps it longest. */
export function flowSourceFor(
  by: readonly FlowDimension[],
  filters: FlowFilters,
  deduplicate: FlowDeduplication = 'none',
): FlowSource {
  const used = dimensionsUsed(by, filters)
  if (used.every(dimension => dimensionOf(dimension).rollup !== undefined)) return 'rollup'
  const bothSides = used.includes('source-address') && used.includes('destination-address')
  const hourly = bothSides ? 'conversations' : 'talkers'
  // They do not know which way a record was made.
  if (deduplicate === 'none' && used.every(dimension => dimensionOf(dimension)[hourly] !== undefined)) return hourly
  const enriched = used.find(dimension => dimensionOf(dimension).raw === undefined)
  if (enriched === undefined) return 'raw'
  throw new StoreError(
    'store-rejected',
    `"${enriched}" is known to the rollups alone, which do not hold all of ${used.join(', ')}; ask for them apart`,
  )
}

/** Which of a flow's addresses a query of talkers speaks of, as the table has it. */
export function talkerSide(by: readonly FlowDimension[], filters: FlowFilters): 0 | 1 {
  return dimensionsUsed(by, filters).includes('source-address') ? 0 : 1
}

function dimensionsUsed(by: readonly FlowDimension[], filters: FlowFilters): FlowDimension[] {
  return [...by, ...(Object.keys(filters) as FlowDimension[])]
}

/** What groups by the dimension. */
export function groupSql(dimension: FlowDimension, source: FlowSource): string {
  return dimensionOf(dimension)[source]!
}

/** The dimension as people read it, from its grouped value: IPv4 addresses without their mapping, no MAC address as ''. */
export function shownSql(dimension: FlowDimension, grouped: string): string {
  const { kind } = dimensionOf(dimension)
  if (kind === 'mac') return `if(${grouped} = 0, '', lower(MACNumToString(${grouped})))`
  if (kind !== 'address') return grouped
  return `replaceRegexpOne(toString(${grouped}), '^::ffff:(\\\\d+\\\\.)', '\\\\1')`
}

/**
 * How many hosts, or pairs of them, one group of an answer can speak of: 1 where every address of it is told, Infinity
 * where a prefix or nothing tells it.
 */
export function keysOfGroup(
  source: 'talkers' | 'conversations',
  by: readonly FlowDimension[],
  filters: FlowFilters,
): number {
  const sides = (['source-address', 'destination-address'] as const).filter(
    side => source === 'conversations' || dimensionsUsed(by, filters).includes(side),
  )
  return sides.reduce((keys, side) => keys * (by.includes(side) ? 1 : addressesOf(filters[side])), 1)
}

function addressesOf(values: readonly (string | number)[] | undefined): number {
  if (!values) return Infinity
  const singles = new Set(values.map(String).filter(value => !value.includes('/')))
  return singles.size === new Set(values).size ? singles.size : Infinity
}

/** Whether the dimension is one of those that a bounded source lists the largest by. */
export function isAddress(dimension: FlowDimension): boolean {
  return dimensionOf(dimension).kind === 'address'
}

const filterValuesMax = 1_000

export function filterPredicate(filters: FlowFilters, source: FlowSource): Predicate {
  const conditions: string[] = []
  const params: Record<string, string[] | number[]> = {}
  for (const [dimension, values] of Object.entries(filters) as [FlowDimension, readonly (string | number)[]][]) {
    if (values.length > filterValuesMax) {
      throw new StoreError(
        'store-rejected',
        `${values.length} values to filter ${dimension} by; ${filterValuesMax} at most`,
      )
    }
    const column = groupSql(dimension, source)
    const name = `filter_${dimension.replaceAll('-', '_')}`
    switch (dimensionOf(dimension).kind) {
      case 'text':
        conditions.push(`${column} IN {${name}:Array(String)}`)
        params[name] = values.map(String)
        break
      case 'number':
        conditions.push(`${column} IN {${name}:Array(UInt32)}`)
        params[name] = values.map(value => numberOf(dimension, value))
        break
      case 'mac':
        conditions.push(`${column} IN {${name}:Array(UInt64)}`)
        params[name] = values.map(value => macOf(dimension, value))
        break
      case 'path':
        // With spaces around both, a network is found whole.
        conditions.push(`arrayExists(n -> position(concat(' ', ${column}, ' '), n) > 0, {${name}:Array(String)})`)
        params[name] = values.map(value => ` ${pathOf(dimension, value)} `)
        break
      case 'address':
        conditions.push(
          isBounded(source)
            ? `(${restSql[source]} OR ${addressCondition(column, name)})`
            : addressCondition(column, name),
        )
        Object.assign(params, addressParams(dimension, name, values))
    }
  }
  return { sql: conditions.length > 0 ? conditions.join(' AND ') : '1', params }
}

/** A prefix is a range of IPv6 addresses; a single address is a range of one. */
function addressCondition(column: string, name: string): string {
  return (
    `arrayExists((a, n) -> ${column} BETWEEN (IPv6CIDRToRange(a, n) AS r).1 AND r.2, ` +
    `arrayMap(a -> toIPv6(a), {${name}:Array(String)}), {${name}_bits:Array(UInt8)})`
  )
}

function addressParams(dimension: FlowDimension, name: string, values: readonly (string | number)[]) {
  const prefixes = values.map(value => {
    const [address = '', bits] = String(value).split('/')
    const isV4 = !address.includes(':')
    const length = bits === undefined ? (isV4 ? 32 : 128) : Number(bits)
    if (!Number.isInteger(length) || length < 0 || length > (isV4 ? 32 : 128) || !looksLikeAddress(address)) {
      throw new StoreError('store-rejected', `"${value}" is no address or prefix to filter ${dimension} by`)
    }
    return { address, bits: isV4 ? length + 96 : length }
  })
  return { [name]: prefixes.map(prefix => prefix.address), [`${name}_bits`]: prefixes.map(prefix => prefix.bits) }
}

function looksLikeAddress(text: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(text) || (text.includes(':') && /^[0-9A-Fa-f:.]{2,45}$/.test(text))
}

function numberOf(dimension: FlowDimension, value: string | number): number {
  const number = Number(value)
  if (Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff) return number
  throw new StoreError('store-rejected', `"${value}" is no number to filter ${dimension} by`)
}

/** Six octets with colons or hyphens, or three groups of four digits as Cisco writes them. */
function macOf(dimension: FlowDimension, value: string | number): number {
  const text = String(value)
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$|^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(text)) {
    return Number.parseInt(text.replace(/[:.-]/g, ''), 16)
  }
  throw new StoreError('store-rejected', `"${value}" is no MAC address to filter ${dimension} by`)
}

function pathOf(dimension: FlowDimension, value: string | number): string {
  if (/^\d{1,10}( \d{1,10})*$/.test(String(value))) return String(value)
  throw new StoreError(
    'store-rejected',
    `"${value}" is no AS, and no ASs with spaces between, to filter ${dimension} by`,
  )
}

function dimensionOf(dimension: FlowDimension): DimensionSql {
  const found = Object.hasOwn(dimensionSql, dimension) ? dimensionSql[dimension] : undefined
  if (!found) {
    throw new StoreError(
      'store-rejected',
      `there is no flow dimension "${dimension}"; known: ${flowDimensions.join(', ')}`,
    )
  }
  return found
}
