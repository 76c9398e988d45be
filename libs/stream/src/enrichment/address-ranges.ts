/** No range holds the address. */
export const noValue = -1

/**
 * Disjoint ranges of addresses with a value each, over typed arrays: an index by the first 16 bits, then a search among
 * the few ranges that share them. IPv4 and IPv6 are kept apart, because half the steps do for IPv4.
 */
export interface AddressRanges {
  /** Ranges of both families. */
  readonly size: number
  /**
   * Value of an address in a `FlowColumns` words column (`sourceAddressWords`), where row i begins at 4 i; `noValue`
   * where no range holds it. Allocates nothing.
   */
  find(words: Uint32Array, at: number): number
}

/** One range from `start` on, to the start of the next. Starts ascend; IPv4 addresses are 32 bits. */
export interface RangeStart {
  start: bigint
  value: number
}

export function addressRanges(ipv4: readonly RangeStart[], ipv6: readonly RangeStart[]): AddressRanges {
  const four = familyOf(ipv4, 1)
  const six = familyOf(ipv6, 4)
  return {
    size: ipv4.length + ipv6.length,
    find(words, at) {
      // The words are the address's octets as the machine reads them: little-endian.
      if (words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff0000) return find4(four, words, at + 3)
      return find6(six, words, at)
    },
  }
}

interface Family {
  /** Big-endian words of each start. */
  starts: Uint32Array
  values: Int32Array
  /** By the first 16 bits: the last range that starts at or before the first address with them. */
  first: Int32Array
}

function familyOf(ranges: readonly RangeStart[], words: 1 | 4): Family {
  const bits = BigInt(32 * words)
  const all = ranges[0]?.start === 0n ? ranges : [{ start: 0n, value: noValue }, ...ranges]
  const starts = new Uint32Array(all.length * words)
  const values = new Int32Array(all.length)
  const first = new Int32Array(65_537)
  let head = 0
  for (const [i, { start, value }] of all.entries()) {
    for (let word = 0; word < words; word++) {
      starts[i * words + word] = Number((start >> (bits - 32n * BigInt(word + 1))) & 0xffff_ffffn)
    }
    values[i] = value
    const from = Number(start >> (bits - 16n))
    // Heads whose first address lies before this range begin their search in the range before it.
    const firstHead = start === BigInt(from) << (bits - 16n) ? from : from + 1
    while (head < firstHead) first[head++] = i - 1
  }
  first.fill(all.length - 1, head)
  return { starts, values, first }
}

function find4(family: Family, words: Uint32Array, at: number): number {
  const { starts } = family
  const address = bigEndian(words[at]!)
  const head = address >>> 16
  let low = family.first[head]!
  let high = family.first[head + 1]!
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (starts[middle]! <= address) low = middle
    else high = middle - 1
  }
  return family.values[low]!
}

function find6(family: Family, words: Uint32Array, at: number): number {
  const { starts } = family
  const a = bigEndian(words[at]!)
  const b = bigEndian(words[at + 1]!)
  const c = bigEndian(words[at + 2]!)
  const d = bigEndian(words[at + 3]!)
  const head = a >>> 16
  let low = family.first[head]!
  let high = family.first[head + 1]!
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const start = middle * 4
    const beyond =
      starts[start] !== a
        ? starts[start]! > a
        : starts[start + 1] !== b
          ? starts[start + 1]! > b
          : starts[start + 2] !== c
            ? starts[start + 2]! > c
            : starts[start + 3]! > d
    if (beyond) high = middle - 1
    else low = middle
  }
  return family.values[low]!
}

function bigEndian(word: number): number {
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
