import { appendArcs, type Oid, oid } from './oid.ts'
import type { Message } from './pdu.ts'
import type { Varbind } from './value.ts'

/** A trap of either version or an inform, in the form of version 2 (RFC 3584 §3.1). */
export interface Notification {
  readonly trapOid: Oid
  /** sysUpTime, hundredths of a second; undefined where a version 2 sender left it out. */
  readonly upTimeCs: number | undefined
  /** Without sysUpTime.0 and snmpTrapOID.0. */
  readonly varbinds: readonly Varbind[]
  /** Of an inform, which is to be answered; undefined for a trap. */
  readonly informId: number | undefined
}

const sysUpTime = oid('1.3.6.1.2.1.1.3.0')
const snmpTrapOid = oid('1.3.6.1.6.3.1.1.4.1.0')
const snmpTraps = oid('1.3.6.1.6.3.1.1.5')
const enterpriseSpecific = 6

/**
 * What a message notifies of; undefined when it is no notification, or one that does not say which (version 2 demands
 * sysUpTime.0 and snmpTrapOID.0 as the first two, RFC 3416 §4.2.6; senders that swap them or leave the time out are
 * understood all the same).
 */
export function notificationOf({ pdu }: Message): Notification | undefined {
  if (pdu.kind === 'trapV1') {
    const { genericTrap, specificTrap } = pdu
    if (genericTrap < 0 || genericTrap > enterpriseSpecific || specificTrap < 0) return undefined
    const trapOid =
      genericTrap === enterpriseSpecific
        ? appendArcs(pdu.enterprise, 0, specificTrap)
        : appendArcs(snmpTraps, genericTrap + 1)
    return { trapOid, upTimeCs: pdu.timestampCs, varbinds: pdu.varbinds, informId: undefined }
  }
  if (pdu.kind !== 'trap' && pdu.kind !== 'informRequest') return undefined
  let trapOid: Oid | undefined
  let upTimeCs: number | undefined
  const varbinds: Varbind[] = []
  for (const varbind of pdu.varbinds) {
    const { oid: name, value } = varbind
    if (name === snmpTrapOid && value.type === 'oid' && trapOid === undefined) trapOid = value.value
    else if (name === sysUpTime && value.type === 'timeTicks' && upTimeCs === undefined) upTimeCs = value.value
    else varbinds.push(varbind)
  }
  if (trapOid === undefined) return undefined
  return { trapOid, upTimeCs, varbinds, informId: pdu.kind === 'informRequest' ? pdu.requestId : undefined }
}
