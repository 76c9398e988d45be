import { isIP } from 'node:net'
import { type AddressRanges, addressRanges, noValue, type RangeStart } from './address-ranges.ts'

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

/**
 * Ranges in which each address has the value of its longest prefix. Of two equal prefixes the later one stands. A
 * prefix of IPv6 holds no IPv4 addresses, `::/0` neither.
 */
export function longestPrefixRanges(prefixes: readonly (Prefix & { value: number })[]): AddressRanges {
  const ofFamily = (family: 4 | 6) =>
    rangesOf(
      prefixes.filter(prefix => prefix.family === family),
      family === 4 ? 32 : 128,
    )
  return addressRanges(ofFamily(4), ofFamily(6))
}

function rangesOf(prefixes: readonly (Prefix & { value: number })[], size: number): RangeStart[] {
  const spans = prefixes
    .map(({ address, bits, value }, order) => ({
      start: address,
      end: address + (1n << BigInt(size - bits)),
      bits,
      value,
      order,
    }))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : a.bits - b.bits || a.order - b.order))
  const ranges: RangeStart[] = []
  const open: { end: bigint; value: number }[] = []
  const put = (start: bigint, value: number): void => {
    const last = ranges.at(-1)
    if (last?.start === start) last.value = value
    else ranges.push({ start, value })
  }
  const closeUntil = (time: bigint): void => {
    for (let last = open.at(-1); last && last.end <= time; last = open.at(-1)) {
      open.pop()
      put(last.end, open.at(-1)?.value ?? noValue)
    }
  }
  for (const { start, end, value } of spans) {
    closeUntil(start)
    open.push({ end, value })
    put(start, value)
  }
  const end = 1n << BigInt(size)
  closeUntil(end)
  return ranges.filter(range => range.start < end)
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
