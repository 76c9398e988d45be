import type { ColumnValues } from '../../../../libs/store/src/index.ts'
import { column, type FlowColumns, notGiven } from '../../../../libs/wire/src/index.ts'

/** How the exporter of a row names what its records number. */
export interface RowNames {
  application(id: number): string | undefined
}

/** Columns of `flows` that are the decoder's as they are. */
const numbers = {
  post_vlan: 'postVlan',
  customer_vlan: 'customerVlan',
  mpls_label_1: 'mplsTopLabel',
  mpls_label_2: 'mplsLabel2',
  mpls_label_3: 'mplsLabel3',
  ingress_vrf: 'ingressVrf',
  egress_vrf: 'egressVrf',
  icmp_type_code: 'icmpTypeCode',
  post_nat_source_port: 'postNatSourcePort',
  post_nat_destination_port: 'postNatDestinationPort',
  nat_event: 'natEvent',
  firewall_event: 'firewallEvent',
  forwarding_status: 'forwardingStatus',
  flow_end_reason: 'flowEndReason',
  application_id: 'applicationId',
  previous_as: 'previousAs',
  next_as: 'nextAs',
} as const satisfies Record<string, keyof typeof column>

const addresses = {
  post_nat_source_address: 'postNatSourceAddress',
  post_nat_destination_address: 'postNatDestinationAddress',
  bgp_next_hop: 'bgpNextHop',
} as const satisfies Record<string, keyof typeof column>

/**
 * Copies of what most exporters do not send, as columns of `flows`. One that no record of the epoch has is left out: it
 * then costs a look at a bit, or, where a template names it and only has its default, a pass over the numbers.
 */
export function flowFields(flows: FlowColumns, namesOf: (row: number) => RowNames): Record<string, ColumnValues> {
  const n = flows.length
  const fields: Record<string, ColumnValues> = {}
  for (const [name, field] of Object.entries(numbers)) if (says(flows, field)) fields[name] = flows[field].slice(0, n)
  for (const [name, field] of Object.entries(addresses)) {
    if (says(flows, field)) fields[name] = flows[field].slice(0, 16 * n)
  }
  if (says(flows, 'sourceMac')) fields.source_mac = macNumbers(flows.sourceMacWords, n)
  if (says(flows, 'destinationMac')) fields.destination_mac = macNumbers(flows.destinationMacWords, n)
  if (says(flows, 'asPath')) fields.as_path = pathTexts(flows)
  if (fields.application_id) {
    const names = applicationNames(flows, namesOf)
    if (names) fields.application_name = names
  }
  return fields
}

/** Whether any record has more than the column's default. */
function says(flows: FlowColumns, field: keyof typeof column): boolean {
  const index = column[field]
  if (!flows.has(index)) return false
  const view = flows.views[index]!
  const otherwise = notGiven[index] ?? 0
  const end = (view.length / flows.capacity) * flows.length
  for (let i = 0; i < end; i++) if (view[i] !== otherwise) return true
  return false
}

/** 48-bit numbers, as ClickHouse's MAC functions take them, of octets in memory order; without a BigInt a row. */
function macNumbers(words: Uint16Array, n: number): BigUint64Array {
  const numbers = new BigUint64Array(n)
  const halves = new Uint32Array(numbers.buffer)
  for (let i = 0; i < n; i++) {
    halves[2 * i] = (swapped(words[3 * i + 1]!) << 16) | swapped(words[3 * i + 2]!)
    halves[2 * i + 1] = swapped(words[3 * i]!)
  }
  return numbers
}

function swapped(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8)
}

function pathTexts({ asPath, lists, length }: FlowColumns): string[] {
  const texts = new Array<string>(length)
  for (let row = 0; row < length; row++) {
    const at = asPath[row]!
    let text = ''
    if (at > 0) for (let i = 1; i <= lists[at]!; i++) text += i === 1 ? lists[at + i] : ` ${lists[at + i]}`
    texts[row] = text
  }
  return texts
}

/** Names of the applications, or nothing when none has one. */
function applicationNames(
  { applicationId, length }: FlowColumns,
  namesOf: (row: number) => RowNames,
): string[] | undefined {
  const names = new Array<string>(length)
  let some = false
  for (let row = 0; row < length; row++) {
    const id = applicationId[row]!
    const name = id === 0 ? '' : (namesOf(row).application(id) ?? '')
    some ||= name !== ''
    names[row] = name
  }
  return some ? names : undefined
}
