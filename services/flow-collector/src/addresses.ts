import { isIPv4, isIPv6 } from 'node:net'

/** `::ffff:192.0.2.1` is 192.0.2.1 (RFC 4291 §2.5.5.2): one exporter, whichever socket hears it. A scope stays. */
export function canonicalAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped ? mapped[1]! : address
}

/** 4 or 16 bytes; a scope (`fe80::1%eth0`) is no part of them. */
export function addressBytes(address: string): Uint8Array {
  const bare = address.replace(/%.*$/, '')
  if (isIPv4(bare)) return Uint8Array.from(bare.split('.'), Number)
  if (!isIPv6(bare)) throw new RangeError(`"${address}" is no IP address`)
  return ipv6Bytes(bare)
}

function ipv6Bytes(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const hexOnly = dotted ? `${dotted[1]}${hexPair(dotted[2]!, dotted[3]!)}:${hexPair(dotted[4]!, dotted[5]!)}` : text
  const [head = '', tail] = hexOnly.split('::')
  const before = head ? head.split(':') : []
  const after = tail ? tail.split(':') : []
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return Uint8Array.from(groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}

function hexPair(high: string, low: string): string {
  return ((Number(high) << 8) | Number(low)).toString(16)
}
