import { isIP } from 'node:net'
import type { Device, Inventory } from '../../../../libs/model/src/index.ts'
import { addressKey } from '../host-address.ts'

/**
 * Devices by the addresses they send from: the inventory's `address`, `snmp.host` and `snmp.answersFrom`. Names are not
 * resolved: who sent a datagram must not hang on DNS. Two tenants may use the same address, so one address can be several
 * devices.
 */
export class DeviceSources {
  readonly #devices = new Map<string, Device[]>()

  constructor(inventory: Inventory) {
    for (const device of inventory.devices) {
      const addresses = [device.snmp?.host ?? device.address, ...(device.snmp?.answersFrom ?? [])]
      // Behind a port forward the device sends from the forward's address, but may also be reached directly.
      if (device.snmp?.host !== undefined) addresses.push(device.address)
      for (const key of new Set(addresses.filter(address => isIP(address)).map(addressKey))) {
        const known = this.#devices.get(key)
        if (known) known.push(device)
        else this.#devices.set(key, [device])
      }
    }
  }

  from(address: string): readonly Device[] {
    return this.#devices.get(addressKey(address)) ?? []
  }
}
