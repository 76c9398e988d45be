import { lookup } from 'node:dns/promises'
import { isIP, isIPv6, SocketAddress } from 'node:net'

export type ResolvedHost =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly detail: string }

/** An address stays as it is, a name is asked of the resolver. */
export async function resolveHost(host: string): Promise<ResolvedHost> {
  if (isIP(host)) return { ok: true, address: host }
  try {
    return { ok: true, address: (await lookup(host)).address }
  } catch (cause) {
    return { ok: false, detail: `cannot resolve "${host}": ${(cause as NodeJS.ErrnoException).code ?? 'failed'}` }
  }
}

/** One spelling an address: IPv6 has several, and a dual-stack socket shows IPv4 as ::ffff:a.b.c.d. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  if (!isIPv6(address)) return address
  const [bare, zone] = address.split('%')
  return new SocketAddress({ address: bare!, family: 'ipv6' }).address + (zone ? `%${zone}` : '')
}
