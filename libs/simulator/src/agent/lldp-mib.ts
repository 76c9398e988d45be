import { appendArcs, oid, type SnmpValue } from '../../../snmp/src/index.ts'
import { ifTypes } from '../model/device-families.ts'
import type { NetworkModel } from '../model/network-model.ts'
import { peerOf, type SimulatedDevice, type SimulatedPort } from '../model/topology.ts'
import { windowAt } from '../model/windows.ts'
import { cell, type MibCell, scalar } from './mib-view.ts'
import { integer, octets, text } from './snmp-values.ts'

/** A neighbour is remembered for this long after its last word (txTTL, IEEE 802.1AB §9.2.5.6: 4 × 30 s). */
const timeToLiveMs = 120_000

/** LldpSystemCapabilitiesMap, the most significant bit first: bridge is bit 2, WLAN access point 3, router 4. */
const capabilitiesByRole = {
  core: 0x28,
  distribution: 0x28,
  access: 0x20,
  edge: 0x08,
  firewall: 0x08,
  wireless: 0x10,
  server: 0x01,
}

/** Servers run no LLDP. */
function speaks(device: SimulatedDevice): boolean {
  return device.role !== 'server'
}

/** The neighbour heard on a port, while it is heard or remembered. */
export function neighbourOf(model: NetworkModel, port: SimulatedPort, timeMs: number): SimulatedPort | undefined {
  const peer = peerOf(port)
  if (!peer || !speaks(port.device) || !speaks(peer.device)) return undefined
  const down = windowAt(model.timeline.downWindows(port.link!), timeMs)
  return down && timeMs - down.startMs >= timeToLiveMs ? undefined : peer
}

/** LLDP-MIB (IEEE 802.1AB-2005): the local system and ports, and the neighbours known at `timeMs`. */
export function lldpCells(model: NetworkModel, device: SimulatedDevice, timeMs: number): MibCell[] {
  if (!speaks(device)) return []
  const life = model.life(device)
  const fixed = (name: string, value: SnmpValue): MibCell => scalar(name, () => value)
  const rows = device.ports.filter(port => port.ifType === ifTypes.ethernet)
  return [
    fixed('1.0.8802.1.1.2.1.3.1.0', integer(4)),
    fixed('1.0.8802.1.1.2.1.3.2.0', octets(chassisMac(device))),
    fixed('1.0.8802.1.1.2.1.3.3.0', text(device.id)),
    fixed('1.0.8802.1.1.2.1.3.4.0', text(device.family.sysDescr.replace('@', device.id))),
    ...rows.flatMap(port => {
      const number = life.ifIndex(port, timeMs)
      const neighbour = neighbourOf(model, port, timeMs)
      return [...localPortCells(port, number), ...(neighbour ? neighbourCells(neighbour, number) : [])]
    }),
  ]
}

function localPortCells(port: SimulatedPort, number: number): MibCell[] {
  const lldpLocPortEntry = oid('1.0.8802.1.1.2.1.3.7.1')
  const columns: readonly (readonly [number, SnmpValue])[] = [
    [2, integer(5)],
    [3, text(port.ifName)],
    [4, text(port.ifAlias || port.ifDescr)],
  ]
  return columns.map(([column, value]) => cell(appendArcs(lldpLocPortEntry, column), [number], () => value))
}

function neighbourCells(neighbour: SimulatedPort, localNumber: number): MibCell[] {
  const { device } = neighbour
  const lldpRemEntry = oid('1.0.8802.1.1.2.1.4.1.1')
  const capabilities = Uint8Array.from([capabilitiesByRole[device.role], 0])
  const columns: readonly (readonly [number, SnmpValue])[] = [
    [4, integer(4)],
    [5, octets(chassisMac(device))],
    [6, integer(5)],
    [7, text(neighbour.ifName)],
    [8, text(neighbour.ifAlias || neighbour.ifDescr)],
    [9, text(device.id)],
    [10, text(device.family.sysDescr.replace('@', device.id))],
    [11, octets(capabilities)],
    [12, octets(capabilities)],
  ]
  // Indexed by lldpRemTimeMark, lldpRemLocalPortNum and lldpRemIndex.
  return [
    ...columns.map(([column, value]) => cell(appendArcs(lldpRemEntry, column), [0, localNumber, 1], () => value)),
    ...managementAddressCells(device, localNumber),
  ]
}

/** lldpRemManAddrTable: its address, where its agent answers, is part of the index; the columns tell its interface. */
function managementAddressCells({ loopbackAddress }: SimulatedDevice, localNumber: number): MibCell[] {
  const lldpRemManAddrEntry = oid('1.0.8802.1.1.2.1.4.2.1')
  const index = [0, localNumber, 1, 1, 4, ...loopbackAddress.split('.').map(Number)]
  // lldpRemManAddrIfSubtype unknown(1), and so no number.
  return [3, 4].map(column => cell(appendArcs(lldpRemManAddrEntry, column), index, () => integer(column === 3 ? 1 : 0)))
}

function chassisMac(device: SimulatedDevice): Uint8Array {
  return device.ports.find(port => port.ifType === ifTypes.ethernet)!.mac
}
