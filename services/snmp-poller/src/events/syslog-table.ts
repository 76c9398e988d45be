import type { EventKind } from '../../../../libs/model/src/index.ts'

export interface SyslogMeaning {
  kind: EventKind
  ifName: string
  peerAddress: string
}

interface SyslogPattern {
  /** As the vendor's manual of system messages has it. */
  vendor: 'Cisco' | 'Juniper' | 'Arista'
  pattern: RegExp
  kind: EventKind | ((groups: Record<string, string>) => EventKind | undefined)
}

const linkKind = ({ state }: Record<string, string>): EventKind =>
  state?.toLowerCase() === 'up' ? 'link-up' : 'link-down'
const peerKind = ({ state }: Record<string, string>): EventKind =>
  /^(up|established)$/i.test(state ?? '') ? 'peer-up' : 'peer-down'

/**
 * Messages that say what a trap would. The groups `if`, `peer` and `state` are taken. Patterns are anchored at a tag and
 * have no nested repetition, so that a hostile line costs linear time.
 */
const patterns: readonly SyslogPattern[] = [
  // IOS, IOS-XE: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down
  {
    vendor: 'Cisco',
    pattern: /%LINK-\d-UPDOWN: Interface (?<if>[^,\s]{1,64}), changed state to (?<state>up|down)/,
    kind: linkKind,
  },
  {
    vendor: 'Cisco',
    pattern: /%LINEPROTO-\d-UPDOWN: Line protocol on Interface (?<if>[^,\s]{1,64}), changed state to (?<state>up|down)/,
    kind: linkKind,
  },
  // IOS-XR: %PKT_INFRA-LINK-3-UPDOWN : Interface TenGigE0/0/0/1, changed state to Down
  {
    vendor: 'Cisco',
    pattern: /%PKT_INFRA-LINK-\d-UPDOWN : Interface (?<if>[^,\s]{1,64}), changed state to (?<state>[Uu]p|[Dd]own)/,
    kind: linkKind,
  },
  // NX-OS: %ETHPORT-5-IF_DOWN_LINK_FAILURE: Interface Ethernet1/1 is down (Link failure)
  {
    vendor: 'Cisco',
    pattern: /%ETHPORT-\d-IF_[A-Z_]{2,40}: Interface (?<if>\S{1,64}) is (?<state>up|down)/,
    kind: linkKind,
  },
  // IOS: %BGP-5-ADJCHANGE: neighbor 10.0.0.2 Down Interface flap
  {
    vendor: 'Cisco',
    pattern: /%(?:ROUTING-)?BGP-\d-ADJCHANGE(?:_DETAIL)?\s?: neighbor (?<peer>[0-9a-fA-F.:]{2,45}) (?<state>Up|Down)/,
    kind: peerKind,
  },
  {
    vendor: 'Cisco',
    pattern: /%(?:SFF8472|TRANSCEIVER|OPTICAL|L2-OPTICS)[A-Z0-9_-]{0,16}-\d-[A-Z0-9_]{2,48}\s?:/,
    kind: 'optics',
  },
  {
    vendor: 'Cisco',
    pattern:
      /%(?:PLATFORM_)?(?:ENV|ENVMON|PLATFORM|POWER|PEM)[A-Z_]{0,24}-\d-(?:[A-Z_]{0,32})?(?:PS|PEM|PSU|POWER)[A-Z_]{0,32}:/,
    kind: 'power-supply',
  },
  // Junos: SNMP_TRAP_LINK_DOWN: ifIndex 531, ifAdminStatus up(1), ifOperStatus down(2), ifName ge-0/0/1
  {
    vendor: 'Juniper',
    pattern: /SNMP_TRAP_LINK_(?<state>UP|DOWN): [^\n]{0,200}?ifName (?<if>\S{1,64})/,
    kind: linkKind,
  },
  // Junos: RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer 10.0.0.2 (External AS 65001) changed state from Established to Idle
  {
    vendor: 'Juniper',
    pattern:
      /(?:RPD_)?BGP_NEIGHBOR_STATE_CHANGED: BGP peer (?<peer>[0-9a-fA-F.:]{2,45}) [^\n]{0,120}?changed state from (?<from>\w{2,16}) to (?<state>\w{2,16})/,
    // Between the states of a session that is not up nothing is lost or won.
    kind: ({ from, state }) => (state === 'Established' ? 'peer-up' : from === 'Established' ? 'peer-down' : undefined),
  },
  {
    vendor: 'Juniper',
    pattern: /CHASSISD_(?:PSU|PEM|POWER)_[A-Z_]{2,40}:/,
    kind: 'power-supply',
  },
  // EOS: %LINEPROTO-5-UPDOWN as IOS; %ETH-4-... ; %BGP-5-ADJCHANGE: peer 10.0.0.2 (AS 65001) old state Established event … new state Idle
  {
    vendor: 'Arista',
    pattern:
      /BGP-\d-ADJCHANGE: peer (?<peer>[0-9a-fA-F.:]{2,45}) [^\n]{0,80}?old state (?<from>\w{2,16}) [^\n]{0,80}?new state (?<state>\w{2,16})/i,
    kind: ({ from, state }) => (state === 'Established' ? 'peer-up' : from === 'Established' ? 'peer-down' : undefined),
  },
  {
    vendor: 'Arista',
    pattern: /XCVR-\d-[A-Z_]{2,40}:/,
    kind: 'optics',
  },
  {
    vendor: 'Arista',
    pattern: /PWRMGMT-\d-[A-Z_]{2,40}:/,
    kind: 'power-supply',
  },
]

/** What a message says; undefined when no pattern knows it, which is most of what devices log. */
export function syslogMeaning(text: string): SyslogMeaning | undefined {
  for (const { pattern, kind } of patterns) {
    const match = pattern.exec(text)
    if (!match) continue
    const groups = match.groups ?? {}
    const meant = typeof kind === 'function' ? kind(groups) : kind
    if (meant) return { kind: meant, ifName: groups.if ?? '', peerAddress: groups.peer ?? '' }
  }
  return undefined
}
