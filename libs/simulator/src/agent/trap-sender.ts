import { appendArcs, encodeMessage, type Oid, oid, type Varbind } from '../../../snmp/src/index.ts'
import type { NetworkModel } from '../model/network-model.ts'
import type { SimulatedDevice, SimulatedPort } from '../model/topology.ts'
import { integer, objectId, timeTicks } from './snmp-values.ts'

const sysUpTime = oid('1.3.6.1.2.1.1.3.0')
const snmpTrapOid = oid('1.3.6.1.6.3.1.1.4.1.0')
const coldStart = oid('1.3.6.1.6.3.1.1.5.1')
const linkDown = oid('1.3.6.1.6.3.1.1.5.3')
const linkUp = oid('1.3.6.1.6.3.1.1.5.4')
/** UPS-MIB (RFC 1628 §3), sent each minute on battery; PowerNet-MIB's powerRestored. */
const upsOnBattery = oid('1.3.6.1.2.1.33.2.1')
const powerRestored = oid('1.3.6.1.4.1.318.0.9')
const onBatteryEveryMs = 60_000
const ifIndexColumn = oid('1.3.6.1.2.1.2.2.1.1')
const ifAdminStatus = oid('1.3.6.1.2.1.2.2.1.7')
const ifOperStatus = oid('1.3.6.1.2.1.2.2.1.8')

/** The traps of one device (RFC 3418, RFC 2863), version 2c: what it sends when is a function of time, as its answers are. */
export class TrapSender {
  readonly device: SimulatedDevice
  readonly #model: NetworkModel
  readonly #community: Uint8Array
  #requestId = 0

  constructor(model: NetworkModel, device: SimulatedDevice, community: string) {
    this.device = device
    this.#model = model
    this.#community = new TextEncoder().encode(community)
  }

  /** What it sends after `fromMs` up to `toMs`. A device without power sends nothing; a cut cable carries nothing either way. */
  between(fromMs: number, toMs: number): Buffer[] {
    const life = this.#model.life(this.device)
    if (life.isSilent(toMs)) return []
    const traps: Buffer[] = []
    if (life.bootNumber(fromMs) !== life.bootNumber(toMs)) traps.push(this.#trap(coldStart, toMs, []))
    const failure = life.mainsFailure(toMs)
    if (failure && onBatteryTraps(failure.startMs, toMs) > onBatteryTraps(failure.startMs, fromMs)) {
      traps.push(this.#trap(upsOnBattery, toMs, []))
    }
    if (!failure && life.mainsFailure(fromMs)) traps.push(this.#trap(powerRestored, toMs, []))
    for (const port of this.device.ports) {
      if (!port.link || !port.adminUp) continue
      const isUp = this.#model.timeline.isUp(port, toMs)
      if (isUp !== this.#model.timeline.isUp(port, fromMs)) traps.push(this.#linkTrap(port, isUp, toMs))
    }
    return traps
  }

  #linkTrap(port: SimulatedPort, isUp: boolean, timeMs: number): Buffer {
    const ifIndex = this.#model.life(this.device).ifIndex(port, timeMs)
    return this.#trap(isUp ? linkUp : linkDown, timeMs, [
      { oid: appendArcs(ifIndexColumn, ifIndex), value: integer(ifIndex) },
      { oid: appendArcs(ifAdminStatus, ifIndex), value: integer(1) },
      { oid: appendArcs(ifOperStatus, ifIndex), value: integer(isUp ? 1 : 2) },
    ])
  }

  #trap(trapOid: Oid, timeMs: number, objects: readonly Varbind[]): Buffer {
    const upTime = timeTicks(this.#model.life(this.device).uptimeMs(timeMs))
    this.#requestId = (this.#requestId % 0x7fff_ffff) + 1
    return encodeMessage({
      version: 'v2c',
      community: this.#community,
      pdu: {
        kind: 'trap',
        requestId: this.#requestId,
        varbinds: [{ oid: sysUpTime, value: upTime }, { oid: snmpTrapOid, value: objectId(trapOid) }, ...objects],
      },
    })
  }
}

/** How many times a supply has said by a time that it runs on battery. */
function onBatteryTraps(sinceMs: number, timeMs: number): number {
  return timeMs < sinceMs ? 0 : 1 + Math.floor((timeMs - sinceMs) / onBatteryEveryMs)
}
