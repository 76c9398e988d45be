import { holdsAddress, type Prefix, parsePrefix } from '../../../../libs/model/src/index.ts'
import { addressKey } from '../host-address.ts'

export interface ScanRange {
  readonly prefix: string
  readonly first: string
  readonly last: string
  readonly addresses: number
}

export interface ScanPlan {
  readonly ranges: readonly ScanRange[]
  readonly addresses: readonly string[]
}

/** A /20: what one command may name where the configuration allows nothing in particular. */
export const addressesMaxUnlisted = 4_096
/** A /16. */
export const addressesMaxListed = 65_536

/** Which addresses `texts` name, each once, or one sentence for each that must not be asked. */
export function scanPlan(texts: readonly string[], allow: readonly string[]): ScanPlan | { problems: string[] } {
  const problems: string[] = []
  const ranges: (ScanRange & { base: Prefix; from: bigint })[] = []
  for (const text of texts) {
    const prefix = parsePrefix(text)
    if (prefix === undefined) {
      problems.push(`"${text}" is neither an address nor a prefix without host bits`)
    } else if (!isAllowed(prefix, allow)) {
      problems.push(`${text} is outside of discovery.allow (${allow.join(', ')})`)
    } else {
      ranges.push(rangeOf(text, prefix))
    }
  }
  const max = allow.length > 0 ? addressesMaxListed : addressesMaxUnlisted
  const total = ranges.reduce((sum, range) => sum + range.addresses, 0)
  if (total > max) {
    const remedy = allow.length > 0 ? 'name fewer' : 'name fewer, or list the networks in discovery.allow'
    problems.push(`${total} addresses are more than the ${max} that one command asks; ${remedy}`)
  }
  if (problems.length > 0) return { problems }
  const addresses = new Set<string>()
  for (const { base, from, addresses: count } of ranges) {
    for (let i = 0n; i < BigInt(count); i++) addresses.add(addressText(base.family, from + i))
  }
  return {
    ranges: ranges.map(({ prefix, first, last, addresses }) => ({ prefix, first, last, addresses })),
    addresses: [...addresses],
  }
}

/** Whether the whole of the prefix may be asked; everything may where nothing is listed. */
export function isAllowed(prefix: Prefix, allow: readonly string[]): boolean {
  return allow.length === 0 || allow.some(text => holdsAddress(networkOf(text), prefix))
}

/** A prefix of the configuration, whose host bits count for nothing. */
function networkOf(text: string): Prefix {
  const [address = '', length] = text.split('/')
  const prefix = parsePrefix(address)!
  return { ...prefix, bits: Number(length) }
}

function rangeOf(text: string, base: Prefix): ScanRange & { base: Prefix; from: bigint } {
  const hostBits = (base.family === 4 ? 32 : 128) - base.bits
  // The network's own and the broadcast address are nobody's (RFC 1122 §3.2.1.3), but for links of two (RFC 3021).
  const isEdged = base.family === 4 && hostBits > 1
  const size = 1n << BigInt(hostBits)
  const from = base.address + (isEdged ? 1n : 0n)
  const count = isEdged ? size - 2n : size
  return {
    prefix: text,
    first: addressText(base.family, from),
    last: addressText(base.family, from + count - 1n),
    addresses: Number(count),
    base,
    from,
  }
}

function addressText(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  return addressKey(groups.join(':'))
}
