import { create } from '@bufbuild/protobuf'
import { type InterfacePoll, type NeighbourReading, NeighbourReadingSchema } from '../../../../libs/model/src/index.ts'
import { appendArcs, arcAt, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { numberOf, type ProfileData, textOf } from './profile-data.ts'

// LLDP-MIB (IEEE 802.1AB-2005): remote rows by time mark, local port number and an index; local ports by number.
const remChassisIdSubtype = oid('1.0.8802.1.1.2.1.4.1.1.4')
const remPortIdSubtype = oid('1.0.8802.1.1.2.1.4.1.1.6')
const remPortId = oid('1.0.8802.1.1.2.1.4.1.1.7')
const remPortDesc = oid('1.0.8802.1.1.2.1.4.1.1.8')
const remSysName = oid('1.0.8802.1.1.2.1.4.1.1.9')
const locPortIdSubtype = oid('1.0.8802.1.1.2.1.3.7.1.2')
const locPortId = oid('1.0.8802.1.1.2.1.3.7.1.3')
const locPortDesc = oid('1.0.8802.1.1.2.1.3.7.1.4')
// CISCO-CDP-MIB cdpCacheTable: by ifIndex and device.
const cdpDeviceId = oid('1.3.6.1.4.1.9.9.23.1.2.1.1.6')
const cdpDevicePort = oid('1.3.6.1.4.1.9.9.23.1.2.1.1.7')

export const neighbourColumns: readonly Oid[] = [
  remChassisIdSubtype,
  remPortIdSubtype,
  remPortId,
  remPortDesc,
  remSysName,
  locPortIdSubtype,
  locPortId,
  locPortDesc,
  cdpDeviceId,
  cdpDevicePort,
]

/** LldpPortIdSubtype macAddress; the others that are met are text. */
const macSubtype = 3

type Port = Pick<InterfacePoll, 'ifIndex' | 'ifName' | 'ifDescr'>

export function readNeighbours(data: ProfileData, interfaces: readonly Port[]): NeighbourReading[] {
  const byIndex = new Map(interfaces.map(port => [port.ifIndex, port]))
  const byName = new Map(interfaces.flatMap(port => [[port.ifDescr, port] as const, [port.ifName, port] as const]))

  const lldp = [...data.rows(remChassisIdSubtype)].map(([index]) => {
    const local = arcAt(index, 1)
    const localAt = local < 0 ? ('' as Oid) : appendArcs('' as Oid, local)
    const named = [locPortId, locPortDesc]
      .map(column => byName.get(textOf(data.cell(column, localAt))))
      .find(port => port !== undefined)
    return neighbour('lldp', named ?? byIndex.get(local), textOf(data.cell(remSysName, index)), remotePort(data, index))
  })
  const cdp = [...data.rows(cdpDeviceId)].map(([index, value]) =>
    neighbour('cdp', byIndex.get(arcAt(index, 0)), textOf(value), textOf(data.cell(cdpDevicePort, index))),
  )
  return [...lldp, ...cdp]
}

function remotePort(data: ProfileData, index: Oid): string {
  const id = data.cell(remPortId, index)
  const isMac = numberOf(data.cell(remPortIdSubtype, index)) === macSubtype
  if (!isMac) return textOf(id)
  const description = textOf(data.cell(remPortDesc, index))
  if (description !== '') return description
  return id?.type === 'octets' ? (Buffer.from(id.value).toString('hex').match(/../g) ?? []).join(':') : ''
}

function neighbour(
  protocol: string,
  port: Port | undefined,
  remoteSysName: string,
  remotePortName: string,
): NeighbourReading {
  return create(NeighbourReadingSchema, {
    localIfIndex: port?.ifIndex ?? 0,
    localIfName: port?.ifName ?? '',
    protocol,
    remoteSysName,
    remotePort: remotePortName,
  })
}
