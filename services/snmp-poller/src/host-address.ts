import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import type { SnmpErrorCode } from '../../../libs/snmp/src/index.ts'
import type { SnmpAuth, SnmpTarget } from './snmp-transport.ts'

export type ResolvedHost =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly code: SnmpErrorCode; readonly detail: string }

/** An address stays as it is, a name is asked of the resolver. */
export async function resolveHost(host: string): Promise<ResolvedHost> {
  if (isIP(host)) return { ok: true, address: host }
  try {
    return { ok: true, address: (await lookup(host)).address }
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'failed'
    return { ok: false, code: 'snmp-unreachable', detail: `cannot resolve "${host}": ${reason}` }
  }
}

/** As `resolveHost`; but credentials go nowhere but to their networks. */
export async function resolveTarget({ host, auth }: SnmpTarget): Promise<ResolvedHost> {
  const resolved = await resolveHost(host)
  if (!resolved.ok || isWithinNetworks(auth, resolved.address)) return resolved
  return { ok: false, code: 'snmp-auth-refused', detail: `the credentials are not for ${resolved.address}` }
}

/** Lists made of credentials' networks. */
const networkLists = new WeakMap<SnmpAuth, BlockList>()

/** Whether the credentials may be shown to the address. */
export function isWithinNetworks(auth: SnmpAuth, address: string): boolean {
  if (auth.networks === undefined) return true
  let list = networkLists.get(auth)
  if (list === undefined) {
    list = new BlockList()
    for (const network of auth.networks) {
      const [base, bits] = network.split('/')
      list.addSubnet(base!, Number(bits), isIPv6(base!) ? 'ipv6' : 'ipv4')
    }
    networkLists.set(auth, list)
  }
  return list.check(addressKey(address).split('%')[0]!, isIPv6(addressKey(address)) ? 'ipv6' : 'ipv4')
}

/** One spelling an address: IPv6 has several, and a dual-stack socket shows IPv4 as ::ffff:a.b.c.d. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  if (!isIPv6(address)) return address
  const [bare, zone] = address.split('%')
  return new SocketAddress({ address: bare!, family: 'ipv6' }).address + (zone ? `%${zone}` : '')
}
