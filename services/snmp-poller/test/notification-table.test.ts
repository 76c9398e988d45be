import { describe, expect, it } from 'vitest'
import { type Notification, oid, type SnmpValue } from '../../../libs/snmp/src/index.ts'
import { knownNotifications } from '../src/events/known-notifications.ts'
import { meaningOf } from '../src/events/notification-table.ts'
import { integer, octets } from './test-agent.ts'

function told(trapOid: string, varbinds: readonly (readonly [string, SnmpValue])[] = []) {
  const notification: Notification = {
    trapOid: oid(trapOid),
    upTimeCs: 1,
    varbinds: varbinds.map(([name, value]) => ({ oid: oid(name), value })),
    informId: undefined,
  }
  return meaningOf(notification)
}

describe('what notifications mean', () => {
  it('knows each one by one meaning, with and without the zero of RFC 3584', () => {
    const kinds = new Map<string, Set<string>>()
    for (const { oid: name, kind } of knownNotifications) {
      const bare = name.replace(/\.0\.(\d+)$/, '.$1')
      kinds.set(bare, (kinds.get(bare) ?? new Set()).add(kind))
      for (const spelling of [name, bare, bare.replace(/(\d+)$/, '0.$1')]) expect(told(spelling).kind).toBe(kind)
    }
    expect([...kinds].filter(([, meant]) => meant.size > 1)).toEqual([])
    expect(kinds.size).toBeGreaterThan(100)
    expect(told('1.3.6.1.4.1.99999.0.1').kind).toBe('other')
  })

  it.each([
    // BGP4-MIB: the index is the peer's address.
    ['1.3.6.1.2.1.15.0.2', '1.3.6.1.2.1.15.3.1.2.192.0.2.9', 'peer-down', 'bgp', '192.0.2.9'],
    // CISCO-BGP4-MIB: type, length, octets.
    [
      '1.3.6.1.4.1.9.9.187.0.6',
      '1.3.6.1.4.1.9.9.187.1.2.5.1.3.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1',
      'peer-down',
      'bgp',
      '2001:db8::1',
    ],
    // BGP4-V2-MIB-JUNIPER: instance, local type and address, remote type and address.
    [
      '1.3.6.1.4.1.2636.5.1.1.1.0.1',
      '1.3.6.1.4.1.2636.5.1.1.2.1.1.1.11.0.1.192.0.2.1.1.192.0.2.7',
      'peer-up',
      'bgp',
      '192.0.2.7',
    ],
  ])('names the peer of %s', (trapOid, varbind, kind, peerProtocol, peerAddress) => {
    expect(told(trapOid, [[varbind, integer(1)]])).toMatchObject({ kind, peerProtocol, peerAddress })
  })

  it.each([
    [1, 'peer-down'],
    [8, 'peer-up'],
    [5, 'other'],
  ])('OSPF-TRAP-MIB: a neighbour in state %i is %s', (state, kind) => {
    const varbind = ['1.3.6.1.2.1.14.10.1.6.192.0.2.3.0', integer(state)] as const
    expect(told('1.3.6.1.2.1.14.16.2.2', [varbind])).toMatchObject({
      kind,
      peerProtocol: 'ospf',
      peerAddress: '192.0.2.3',
    })
  })

  it('JUNIPER-DOM-MIB: the optic of a port by ifDescr and its index', () => {
    const varbind = ['1.3.6.1.2.1.2.2.1.2.663', octets('et-5/2/0')] as const
    expect(told('1.3.6.1.4.1.2636.4.18.0.1', [varbind])).toMatchObject({
      kind: 'optics',
      ifIndex: 663,
      ifName: 'et-5/2/0',
    })
  })
})
