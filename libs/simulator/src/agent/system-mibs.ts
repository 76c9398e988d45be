import { appendArcs, oid, type SnmpValue } from '../../../snmp/src/index.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice } from '../model/topology.ts'
import { cell, type MibCell, scalar } from './mib-view.ts'
import { integer, objectId, octets, text, timeTicks } from './snmp-values.ts'

/** sysServices (RFC 3418): which layers the device works on. */
const servicesByRole = { core: 6, distribution: 6, access: 2, edge: 78, firewall: 78, server: 72, wireless: 2 } as const

/** IANA's private enterprise number for examples (RFC 5612). */
const exampleEnterprise = 32_473

/** system, ifNumber, ifTableLastChange, snmpEngine, hrSystemUptime, and the chassis of ENTITY-MIB. */
export function systemCells(model: NetworkModel, device: SimulatedDevice): MibCell[] {
  const { family } = device
  const life = model.life(device)
  const uptime = (timeMs: number): SnmpValue => timeTicks(life.uptimeMs(timeMs))
  const fixed = (name: string, value: SnmpValue): MibCell => scalar(name, () => value)
  return [
    fixed('1.3.6.1.2.1.1.1.0', text(family.sysDescr.replace('@', device.id))),
    fixed('1.3.6.1.2.1.1.2.0', objectId(oid(family.sysObjectId))),
    scalar('1.3.6.1.2.1.1.3.0', uptime),
    fixed('1.3.6.1.2.1.1.4.0', text(`noc@${device.site.tenant}.example`)),
    fixed('1.3.6.1.2.1.1.5.0', text(device.id)),
    fixed('1.3.6.1.2.1.1.6.0', text(`${device.site.name}, ${device.location}`)),
    fixed('1.3.6.1.2.1.1.7.0', integer(servicesByRole[device.role])),
    fixed('1.3.6.1.2.1.2.1.0', integer(device.ports.length)),
    fixed('1.3.6.1.2.1.31.1.5.0', timeTicks(0)),
    fixed('1.3.6.1.6.3.10.2.1.1.0', octets(engineId(device))),
    scalar('1.3.6.1.6.3.10.2.1.2.0', timeMs => integer(7 + life.bootNumber(timeMs))),
    scalar('1.3.6.1.6.3.10.2.1.3.0', timeMs => integer(Math.floor(life.uptimeMs(timeMs) / 1_000))),
    fixed('1.3.6.1.6.3.10.2.1.4.0', integer(1_500)),
    ...(servesHostResources(device) ? [scalar('1.3.6.1.2.1.25.1.1.0', uptime)] : []),
    ...chassisCells(device),
  ]
}

function servesHostResources({ family }: SimulatedDevice): boolean {
  return ['net-snmp', 'Synology', 'MikroTik', 'Ubiquiti'].includes(family.vendor)
}

function chassisCells({ family, serial, id, role }: SimulatedDevice): MibCell[] {
  if (role === 'server' || role === 'wireless') return []
  const entPhysicalEntry = oid('1.3.6.1.2.1.47.1.1.1.1')
  const columns: readonly (readonly [number, SnmpValue])[] = [
    [2, text(`${family.vendor} ${family.model} chassis`)],
    [3, objectId(oid(family.sysObjectId))],
    [4, integer(0)],
    [5, integer(3)],
    [6, integer(-1)],
    [7, text(id)],
    [8, text('V01')],
    [9, text('')],
    [10, text(family.version)],
    [11, text(serial)],
    [12, text(family.vendor)],
    [13, text(family.model)],
    [14, text('')],
    [15, text('')],
    [16, integer(2)],
  ]
  return columns.map(([column, value]) => cell(appendArcs(entPhysicalEntry, column), [1], () => value))
}

/** RFC 3411 §5: enterprise with the top bit set, format 3, a MAC address. */
function engineId(device: SimulatedDevice): Uint8Array {
  const mac = device.ports.find(port => port.bitsPerSecond > 0)!.mac
  return Uint8Array.from([0x80, 0, (exampleEnterprise >> 8) & 0xff, exampleEnterprise & 0xff, 3, ...mac])
}
