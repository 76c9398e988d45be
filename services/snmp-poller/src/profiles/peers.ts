import { create } from '@bufbuild/protobuf'
import { type PeerReading, PeerReadingSchema } from '../../../../libs/model/src/index.ts'
import { arcCount, arcsOf, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { numberOf, type ProfileData, textOf } from './profile-data.ts'

interface PeerTable {
  readonly protocol: string
  readonly states: readonly string[]
  readonly state: Oid
  readonly remoteAs?: Oid
  /** Seconds since the peer was established, or since it last changed. */
  readonly seconds?: Oid
  /** From the index; undefined when it holds none. */
  readonly address: (arcs: readonly number[]) => string | undefined
}

const bgpStates = ['unknown', 'idle', 'connect', 'active', 'opensent', 'openconfirm', 'established']
const ospfStates = ['unknown', 'down', 'attempt', 'init', 'twoWay', 'exchangeStart', 'exchange', 'loading', 'full']

/**
 * Narrower before wider: a vendor's table knows IPv6 peers and those of routing instances, BGP4-MIB (RFC 4273) knows
 * IPv4 of the first instance, so its peers are added only where another table has not named them.
 */
const tables: readonly PeerTable[] = [
  {
    // CISCO-BGP4-MIB cbgpPeer2Table: type, length, address.
    protocol: 'bgp',
    states: bgpStates,
    state: oid('1.3.6.1.4.1.9.9.187.1.2.5.1.3'),
    remoteAs: oid('1.3.6.1.4.1.9.9.187.1.2.5.1.11'),
    seconds: oid('1.3.6.1.4.1.9.9.187.1.2.5.1.19'),
    address: arcs => inetAddress(arcs, 0),
  },
  {
    // ARISTA-BGP4V2-MIB aristaBgp4V2PeerTable: instance, type, length, address.
    protocol: 'bgp',
    states: bgpStates,
    state: oid('1.3.6.1.4.1.30065.4.1.1.2.1.13'),
    remoteAs: oid('1.3.6.1.4.1.30065.4.1.1.2.1.10'),
    seconds: oid('1.3.6.1.4.1.30065.4.1.1.4.1.1'),
    address: arcs => inetAddress(arcs, 1),
  },
  {
    // BGP4-V2-MIB-JUNIPER jnxBgpM2PeerTable: instance, local type and address, remote type and address, without lengths.
    protocol: 'bgp',
    states: bgpStates,
    state: oid('1.3.6.1.4.1.2636.5.1.1.2.1.1.1.2'),
    remoteAs: oid('1.3.6.1.4.1.2636.5.1.1.2.1.1.1.13'),
    seconds: oid('1.3.6.1.4.1.2636.5.1.1.2.4.1.1.1'),
    address: arcs => {
      const local = arcs[1] === 2 ? 16 : 4
      return addressText(arcs.slice(3 + local))
    },
  },
  {
    // TIMETRA-BGP-MIB tBgpPeerNgOperTable: router instance, type, length, address.
    protocol: 'bgp',
    states: bgpStates,
    state: oid('1.3.6.1.4.1.6527.3.1.2.14.4.8.1.1'),
    address: arcs => inetAddress(arcs, 1),
  },
  {
    protocol: 'bgp',
    states: bgpStates,
    state: oid('1.3.6.1.2.1.15.3.1.2'),
    remoteAs: oid('1.3.6.1.2.1.15.3.1.9'),
    seconds: oid('1.3.6.1.2.1.15.3.1.16'),
    address: arcs => addressText(arcs),
  },
  {
    // OSPF-MIB ospfNbrTable (RFC 4750): address, addressless ifIndex.
    protocol: 'ospf',
    states: ospfStates,
    state: oid('1.3.6.1.2.1.14.10.1.6'),
    address: arcs => addressText(arcs.slice(0, 4)),
  },
]

export const peerColumns: readonly Oid[] = tables.flatMap(({ state, remoteAs, seconds }) =>
  [state, remoteAs, seconds].filter(column => column !== undefined),
)

export function readPeers(data: ProfileData): PeerReading[] {
  const peers = new Map<string, PeerReading>()
  for (const table of tables) {
    for (const [index, value] of data.rows(table.state)) {
      const address = table.address(arcsOf(index))
      const key = `${table.protocol} ${address}`
      if (address === undefined || peers.has(key)) continue
      const remoteAs = table.remoteAs && numberOf(data.cell(table.remoteAs, index))
      const seconds = table.seconds && numberOf(data.cell(table.seconds, index))
      const peer = create(PeerReadingSchema, {
        protocol: table.protocol,
        address,
        state: table.states[numberOf(value) ?? 0] ?? textOf(value),
      })
      if (remoteAs !== undefined) peer.remoteAs = remoteAs >>> 0
      if (seconds !== undefined) peer.establishedSeconds = Math.max(0, Math.trunc(seconds)) >>> 0
      peers.set(key, peer)
    }
  }
  return [...peers.values()]
}

/** The peer whose row a variable belongs to, as a notification carries it: the index names the peer. */
export function peerOfInstance(name: Oid): { protocol: string; address: string } | undefined {
  for (const { protocol, state, address } of tables) {
    const entryArcs = arcCount(state) - 1
    const arcs = arcsOf(name)
    if (arcs.length <= entryArcs + 1 || arcsOf(state).some((arc, i) => i < entryArcs && arc !== arcs[i])) continue
    const found = address(arcs.slice(entryArcs + 1))
    if (found !== undefined) return { protocol, address: found }
  }
  return undefined
}

/** InetAddressType, length, octets (RFC 4001) from `at` on. */
function inetAddress(arcs: readonly number[], at: number): string | undefined {
  const length = arcs[at + 1] ?? 0
  return addressText(arcs.slice(at + 2, at + 2 + length))
}

/** RFC 5952's text of an IPv6 address, dotted IPv4; undefined for anything else. */
export function addressText(octets: readonly number[]): string | undefined {
  if (octets.some(octet => octet > 255)) return undefined
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16))
  const text = groups.join(':')
  const zeros = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0]
  if (!zeros) return text
  const before = text.slice(0, zeros.index)
  const after = text.slice(zeros.index + zeros[0].length).replace(/^:/, '')
  return `${before}::${after}`
}
