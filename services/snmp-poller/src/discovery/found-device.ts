import type { Device, DeviceForm } from '../../../../libs/model/src/index.ts'
import { addressKey } from '../host-address.ts'
import type { Answer } from './probe-address.ts'

/** One answering address and what a poll of it said. */
export interface FoundAddress {
  readonly answer: Answer
  readonly form: DeviceForm
  /** Where it was heard of, of addresses that neighbours named. */
  readonly seenAt?: string
}

/** A device, at the first of its addresses, and where it stands to the inventory. */
export interface FoundDevice extends FoundAddress {
  readonly otherAddresses: readonly string[]
  /** `new`; `known` at one of these addresses; `moved`: its name is that of a device that has another address. */
  readonly standing: 'new' | 'known' | 'moved'
  /** Of the inventory. */
  readonly device?: Device
  /** Another address found that has the same SNMPv3 engine id and is not this device. */
  readonly sharesEngineIdWith?: string
}

/** Addresses in the order in which they were asked become devices. */
export function foundDevices(found: readonly FoundAddress[], inventory: readonly Device[]): FoundDevice[] {
  const groups: FoundAddress[][] = []
  for (const one of found) {
    const group = groups.find(([first]) => isSameDevice(first!, one))
    if (group) group.push(one)
    else groups.push([one])
  }
  const answering = new Set(found.map(({ answer }) => addressKey(answer.address)))
  return groups.map(group => {
    const first = group[0]!
    const answers = group.map(({ answer }) => answer)
    const clone = groups.find(([other]) => other !== first && sharesEngine(other!, first))?.[0]
    const at = inventory.find(device => answers.some(({ address, port }) => isAtAddress(device, address, port)))
    const named =
      at ?? inventory.find(device => !answering.has(hostOf(device)) && hasName(device, first.answer.sysName))
    return {
      ...first,
      otherAddresses: answers.slice(1).map(({ address }) => address),
      standing: at ? 'known' : named ? 'moved' : 'new',
      ...(named ? { device: named } : {}),
      ...(clone ? { sharesEngineIdWith: clone.answer.address } : {}),
    }
  })
}

/**
 * The engine id alone proves nothing, since cloned configurations share it (F48), nor does the name; serials that differ
 * prove two devices, whatever else is alike.
 */
export function isSameDevice(a: FoundAddress, b: FoundAddress): boolean {
  const [serialA, serialB] = [a.form.system.serial, b.form.system.serial]
  if (serialA && serialB && serialA !== serialB) return false
  if (a.answer.sysName !== b.answer.sysName) return false
  if (sharesEngine(a, b)) return true
  if (a.answer.sysName === '') return false
  if (serialA && serialA === serialB) return true
  const mac = baseMac(a.form)
  return mac !== undefined && mac === baseMac(b.form)
}

/** The lowest address of its ports that a maker gave: not set by hand, nor of a redundancy group (RFC 5798 §7.3). */
export function baseMac({ interfaces }: DeviceForm): string | undefined {
  return interfaces
    .flatMap(({ ifPhysAddress: mac }) => (mac && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) ? [mac] : []))
    .filter(mac => (Number.parseInt(mac.slice(0, 2), 16) & 3) === 0 && !/^00:00:(00:|5e:00:0[12]:)/.test(mac))
    .sort()[0]
}

function sharesEngine(a: FoundAddress, b: FoundAddress): boolean {
  return a.answer.engineId !== '' && a.answer.engineId === b.answer.engineId
}

/** At its site's address; or where its requests go, which with a forwarded port is one of several at an address. */
export function isAtAddress(device: Device, address: string, port: number): boolean {
  const key = addressKey(address)
  if (device.snmp?.host === undefined) return addressKey(device.address) === key
  return addressKey(device.address) === key || (hostOf(device) === key && device.snmp.port === port)
}

export function hostOf(device: Device): string {
  return addressKey(device.snmp?.host ?? device.address)
}

export function hasName({ id, name }: Device, sysName: string): boolean {
  const wanted = sysName.toLowerCase()
  if (wanted === '') return false
  return [id, name].some(one => one !== undefined && [wanted, wanted.split('.')[0]].includes(one.toLowerCase()))
}
