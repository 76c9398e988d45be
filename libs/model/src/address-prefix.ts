import { isIP } from 'node:net'

/** A prefix of addresses: `bits` of an address of 32 (IPv4) or 128 bits. */
export interface Prefix {
  family: 4 | 6
  address: bigint
  bits: number
}

/** `192.0.2.0/24`, `2001:db8::/32`, or an address alone; undefined for anything else, and where host bits are set. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length, ...more] = text.split('/')
  const family = isIP(address)
  if (more.length > 0 || (family !== 4 && family !== 6) || address.includes('%')) return undefined
  const size = family === 4 ? 32 : 128
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined
  const bits = length === undefined ? size : Number(length)
  if (bits > size) return undefined
  const value = family === 4 ? ipv4Value(address) : ipv6Value(address)
  const isNetwork = (value & ((1n << BigInt(size - bits)) - 1n)) === 0n
  return isNetwork ? { family, address: value, bits } : undefined
}

export function holdsAddress(prefix: Prefix, one: Prefix): boolean {
  const shift = BigInt((prefix.family === 4 ? 32 : 128) - prefix.bits)
  return prefix.family === one.family && one.bits >= prefix.bits && prefix.address >> shift === one.address >> shift
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
}

function ipv6Value(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted) {
    const low = ipv4Value(dotted[2]!)
    return ipv6Value(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [head = '', tail] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}
