import { create } from '@bufbuild/protobuf'
import { type InterfacePoll, type StationReading, StationReadingSchema } from '../../../../libs/model/src/index.ts'
import { appendArcs, arcAt, arcsOf, type Oid, oid, type SnmpValue } from '../../../../libs/snmp/src/index.ts'
import { numberOf, type ProfileData } from './profile-data.ts'

// BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363): forwarding tables speak of bridge ports, which map to interfaces.
const basePortIfIndex = oid('1.3.6.1.2.1.17.1.4.1.2')
const forwardingPort = oid('1.3.6.1.2.1.17.4.3.1.2')
const vlanForwardingPort = oid('1.3.6.1.2.1.17.7.1.2.2.1.2')
/** By a time mark and the VLAN: the forwarding database that the VLAN has. */
const vlanForwardingDatabase = oid('1.3.6.1.2.1.17.7.1.4.2.1.3')
// IP-MIB: ipNetToMediaTable (RFC 1213), and ipNetToPhysicalTable (RFC 4293), which has IPv6 too.
const mediaPhysAddress = oid('1.3.6.1.2.1.4.22.1.2')
const physicalPhysAddress = oid('1.3.6.1.2.1.4.35.1.4')

export const stationColumns: readonly Oid[] = [
  basePortIfIndex,
  forwardingPort,
  vlanForwardingPort,
  vlanForwardingDatabase,
  mediaPhysAddress,
  physicalPhysAddress,
]

/** A chassis of a thousand desks; more would not fit a record. */
export const stationsMax = 8_192

/** What a bridge forwards to and a router has addresses of: each station once, of the first table that has it. */
export function readStations(data: ProfileData, interfaces: readonly InterfacePoll[]): StationReading[] {
  const known = new Set(interfaces.map(port => port.ifIndex))
  const stations = new Map<string, StationReading>()
  const add = (mac: readonly number[], address: readonly number[], ifIndex: number, vlan: number): void => {
    // Group addresses and the empty one are no stations.
    if (mac.length !== 6 || mac.some(octet => octet > 255) || (mac[0]! & 1) === 1 || mac.every(octet => octet === 0))
      return
    const key = `${mac.join('.')}/${address.join('.')}/${address.length === 0 ? vlan : 0}`
    if (!known.has(ifIndex) || stations.has(key) || stations.size >= stationsMax) return
    const fields = { mac: Uint8Array.from(mac), address: Uint8Array.from(address), ifIndex, vlan }
    stations.set(key, create(StationReadingSchema, fields))
  }

  const vlans = new Map<number, number>()
  for (const [index, value] of data.rows(vlanForwardingDatabase)) vlans.set(numberOf(value) ?? 0, arcAt(index, 1))
  const portOf = (value: SnmpValue): number => {
    const port = numberOf(value) ?? 0
    // Agents without the mapping number bridge ports as interfaces.
    return port <= 0 ? 0 : (numberOf(data.cell(basePortIfIndex, appendArcs('' as Oid, port))) ?? port)
  }
  for (const [index, value] of data.rows(vlanForwardingPort)) {
    const [database = 0, ...mac] = arcsOf(index)
    add(mac, [], portOf(value), vlanOf(vlans.get(database) ?? database))
  }
  if (stations.size === 0) {
    for (const [index, value] of data.rows(forwardingPort)) add(arcsOf(index), [], portOf(value), 0)
  }
  for (const [index, value] of data.rows(physicalPhysAddress)) {
    const [ifIndex = 0, type, length = 0, ...address] = arcsOf(index)
    const isAddress = (type === 1 && length === 4) || (type === 2 && length === 16)
    if (isAddress && address.length === length) add(octetsOf(value), address, ifIndex, 0)
  }
  for (const [index, value] of data.rows(mediaPhysAddress)) {
    const [ifIndex = 0, ...address] = arcsOf(index)
    if (address.length === 4) add(octetsOf(value), address, ifIndex, 0)
  }
  return [...stations.values()]
}

function octetsOf(value: SnmpValue): readonly number[] {
  return value.type === 'octets' ? [...value.value] : []
}

function vlanOf(id: number): number {
  return id > 0 && id <= 4_094 ? id : 0
}
