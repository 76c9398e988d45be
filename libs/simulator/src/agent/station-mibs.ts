import { oid } from '../../../snmp/src/index.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice } from '../model/topology.ts'
import { cell, type MibCell } from './mib-view.ts'
import { integer, octets } from './snmp-values.ts'

const basePortIfIndex = oid('1.3.6.1.2.1.17.1.4.1.2')
const forwardingPort = oid('1.3.6.1.2.1.17.4.3.1.2')
const mediaPhysAddress = oid('1.3.6.1.2.1.4.22.1.2')

/**
 * BRIDGE-MIB (RFC 4188) of switches: the hosts at their own ports; ipNetToMediaTable (RFC 1213) of the router of a site: all
 * of its hosts, behind the port that leads to them.
 */
export function stationCells(model: NetworkModel, device: SimulatedDevice, timeMs: number): MibCell[] {
  const life = model.life(device)
  const hosts = model.topology.hosts.filter(host => host.site === device.site)
  if (device.role === 'edge') {
    const inside = device.ports.find(port => port.link)
    if (!inside) return []
    const ifIndex = life.ifIndex(inside, timeMs)
    return hosts.map(host => cell(mediaPhysAddress, [ifIndex, ...host.address], () => octets(host.mac)))
  }
  const own = hosts.filter(host => host.device === device && host.port)
  const ports = [...new Set(own.map(host => host.port!))]
  return [
    ...ports.map(port => cell(basePortIfIndex, [port.position + 1], () => integer(life.ifIndex(port, timeMs)))),
    ...own.map(host => cell(forwardingPort, [...host.mac], () => integer(host.port!.position + 1))),
  ]
}
