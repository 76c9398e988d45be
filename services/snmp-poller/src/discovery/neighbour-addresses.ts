import {
  arcsOf,
  displayText,
  isWithin,
  type Oid,
  oid,
  suffixOf,
  type Varbind,
} from '../../../../libs/snmp/src/index.ts'
import { addressKey } from '../host-address.ts'
import { rawWalk } from '../raw-walk.ts'
import type { SnmpSession } from '../snmp-transport.ts'

/** What one device knows of another. */
export interface NeighbourAddress {
  /** '' where it tells a name alone. */
  readonly address: string
  /** '' of stations. */
  readonly sysName: string
  readonly by: 'lldp' | 'cdp' | 'arp'
}

// LLDP-MIB (IEEE 802.1AB-2005): names by time mark, port and number; addresses by these, their family, length and octets.
const lldpSysName = oid('1.0.8802.1.1.2.1.4.1.1.9')
const lldpManagementAddress = oid('1.0.8802.1.1.2.1.4.2.1.3')
// CISCO-CDP-MIB cdpCacheTable; addresses of type 1 are IPv4, of 20 IPv6.
const cdpAddressType = oid('1.3.6.1.4.1.9.9.23.1.2.1.1.3')
const cdpAddress = oid('1.3.6.1.4.1.9.9.23.1.2.1.1.4')
const cdpDeviceId = oid('1.3.6.1.4.1.9.9.23.1.2.1.1.6')
// IP-MIB: ipNetToMediaPhysAddress (RFC 1213), ipNetToPhysicalPhysAddress (RFC 4293).
const arpEntry = oid('1.3.6.1.2.1.4.22.1.2')
const physicalEntry = oid('1.3.6.1.2.1.4.35.1.4')

/** Of each table; a router of more stations is asked elsewhere too. */
const rowsMax = 8_192

/** Neighbours by LLDP and CDP, and the stations that the device has talked to. What it does not have costs one request each. */
export async function neighbourAddresses(session: SnmpSession): Promise<NeighbourAddress[]> {
  const names = await column(session, lldpSysName)
  const found: NeighbourAddress[] = []
  const addressed = new Set<string>()
  for (const index of (await column(session, lldpManagementAddress)).keys()) {
    const [mark, port, number, family, length, ...octets] = index.split('.').map(Number)
    const address = octets.length === length ? addressOf(family === 1 ? 4 : family === 2 ? 16 : 0, octets) : undefined
    const row = `${mark}.${port}.${number}`
    if (address === undefined) continue
    addressed.add(row)
    found.push({ address, sysName: textOf(names.get(row)), by: 'lldp' })
  }
  for (const [row, name] of names) {
    if (!addressed.has(row) && textOf(name) !== '') found.push({ address: '', sysName: textOf(name), by: 'lldp' })
  }
  const types = await column(session, cdpAddressType)
  const cdpNames = types.size > 0 ? await column(session, cdpDeviceId) : new Map<string, Varbind>()
  for (const [row, { value }] of types.size > 0 ? await column(session, cdpAddress) : []) {
    const type = types.get(row)?.value
    const length = type?.type === 'integer' ? (type.value === 1 ? 4 : type.value === 20 ? 16 : 0) : 0
    const address = value.type === 'octets' ? addressOf(length, [...value.value]) : undefined
    if (address !== undefined) found.push({ address, sysName: textOf(cdpNames.get(row)), by: 'cdp' })
  }
  for (const index of (await column(session, physicalEntry)).keys()) {
    const [, type, length, ...octets] = index.split('.').map(Number)
    const address = octets.length === length ? addressOf(type === 1 ? 4 : type === 2 ? 16 : 0, octets) : undefined
    if (address !== undefined) found.push({ address, sysName: '', by: 'arp' })
  }
  for (const index of (await column(session, arpEntry)).keys()) {
    const address = addressOf(4, index.split('.').slice(1).map(Number))
    if (address !== undefined) found.push({ address, sysName: '', by: 'arp' })
  }
  return found
}

/** Rows of one column, by index. */
async function column(session: SnmpSession, root: Oid): Promise<Map<string, Varbind>> {
  const rows = new Map<string, Varbind>()
  for await (const batch of rawWalk(session, { root, varbindsMax: rowsMax })) {
    for (const varbind of batch) {
      if (isWithin(varbind.oid, root)) rows.set(arcsOf(suffixOf(varbind.oid, root)).join('.'), varbind)
    }
  }
  return rows
}

function textOf(varbind: Varbind | undefined): string {
  return varbind?.value.type === 'octets' ? displayText(varbind.value.value) : ''
}

/** Undefined of what is no address of one host beyond its own link. */
function addressOf(length: number, octets: readonly number[]): string | undefined {
  if (length === 0 || octets.length !== length || octets.some(octet => !(octet >= 0 && octet <= 255))) return undefined
  const [first = 0, second = 0] = octets
  if (length === 4) {
    const isHost = first !== 0 && first < 224 && !(first === 169 && second === 254)
    return isHost ? octets.join('.') : undefined
  }
  if (first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80) || octets.every(octet => octet === 0))
    return undefined
  const hex = Buffer.from(octets).toString('hex').match(/.{4}/g)!
  return addressKey(hex.join(':'))
}
