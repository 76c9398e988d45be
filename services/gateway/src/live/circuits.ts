import {
  type CircuitsByPort,
  circuitOf,
  circuitsByPort,
  type InterfaceCircuit,
  type Inventory,
} from '../../../../libs/model/src/index.ts'

const byInventory = new WeakMap<Inventory, CircuitsByPort>()

/** The circuit at a port as it is known now: the inventory's, else its description's. */
export function circuitAt(
  inventory: Inventory,
  device: { tenantId: string; deviceId: string },
  port: { ifName: string; ifAlias: string; speedBitsPerSecond: bigint },
): InterfaceCircuit | undefined {
  let ports = byInventory.get(inventory)
  if (!ports) {
    ports = circuitsByPort(inventory)
    byInventory.set(inventory, ports)
  }
  const known = ports[`${device.tenantId}/${device.deviceId}`]
  return circuitOf(known, port.ifName, port.ifAlias, Number(port.speedBitsPerSecond))
}
