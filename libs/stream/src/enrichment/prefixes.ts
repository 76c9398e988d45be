import type { Prefix } from '../../../model/src/index.ts'
import { type AddressRanges, addressRanges, noValue, type RangeStart } from './address-ranges.ts'

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
