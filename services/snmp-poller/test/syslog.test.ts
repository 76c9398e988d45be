import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSyslog } from '../src/events/syslog-message.ts'
import { syslogMeaning } from '../src/events/syslog-table.ts'

const meaning = (line: string) => {
  const message = readSyslog(Buffer.from(line))
  return message && syslogMeaning(message.text)
}

describe('syslog messages of devices', () => {
  it.each([
    [
      '<189>: 2026 Nov 23 10:00:00 UTC: %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/1 is down (Link failure)',
      'link-down',
      'Ethernet1/1',
      '',
    ],
    [
      '<187>RP/0/RSP0/CPU0:Nov 23 10:00:00.1 : ifmgr[230]: %PKT_INFRA-LINK-3-UPDOWN : Interface TenGigE0/0/0/1, changed state to Down',
      'link-down',
      'TenGigE0/0/0/1',
      '',
    ],
    [
      '<190>Nov 23 10:00:00 sw1 Ebra: %LINEPROTO-5-UPDOWN: Line protocol on Interface Ethernet3, changed state to up',
      'link-up',
      'Ethernet3',
      '',
    ],
    [
      '<28>1 2026-11-23T10:00:00.000Z mx1 mib2d 1234 SNMP_TRAP_LINK_DOWN [junos@2636.1.1.1.2.18 snmp-interface-index="531"] ifIndex 531, ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/1',
      'link-down',
      'ge-0/0/1',
      '',
    ],
    ['<189>12: Nov 23 10:00:00: %BGP-5-ADJCHANGE: neighbor 10.0.0.2 Down Interface flap', 'peer-down', '', '10.0.0.2'],
    [
      '<28>Nov 23 10:00:00 mx1 rpd[99]: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 2001:db8::2 (External AS 65001) changed state from Established to Idle (event Stop)',
      'peer-down',
      '',
      '2001:db8::2',
    ],
    [
      '<189>Nov 23 10:00:00 sw1 Bgp: %BGP-5-ADJCHANGE: peer 10.1.1.1 (VRF default AS 65001) old state OpenConfirm event Established new state Established',
      'peer-up',
      '',
      '10.1.1.1',
    ],
    ['<187>Nov 23 10:00:00 sw1 XcvrAgent: %XCVR-3-DOM_ALARM: transceiver low power', 'optics', '', ''],
  ])('%s', (line, kind, ifName, peerAddress) => {
    expect(meaning(line)).toEqual({ kind, ifName, peerAddress })
  })

  it('says nothing of a session that changes between states of not being up', () => {
    expect(
      meaning(
        '<28>Nov 23 10:00:00 mx1 rpd[9]: BGP_NEIGHBOR_STATE_CHANGED: BGP peer 10.0.0.2 (External AS 1) changed state from Active to Idle',
      ),
    ).toBeUndefined()
  })

  it('reads any octets without throwing, in bounded text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.boolean(), (octets, headed) => {
        const message = readSyslog(headed ? Buffer.concat([Buffer.from('<13>1 '), octets]) : octets)
        if (message) syslogMeaning(message.text)
        expect(message?.text.length ?? 0).toBeLessThanOrEqual(1_024)
      }),
    )
  })

  it('costs linear time on lines made to be slow', () => {
    const startedMs = performance.now()
    for (const piece of [
      'SNMP_TRAP_LINK_DOWN: ',
      'BGP_NEIGHBOR_STATE_CHANGED: BGP peer 1 ',
      '%BGP-5-ADJCHANGE: peer 1 old state A ',
    ]) {
      for (let i = 0; i < 20; i++) meaning(`<13>${piece.repeat(100)}`)
    }
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })
})
