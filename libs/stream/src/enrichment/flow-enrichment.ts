import { parsePrefix } from '../../../model/src/index.ts'
import type { AddressRanges } from './address-ranges.ts'
import { longestPrefixRanges } from './prefixes.ts'

/** A network that the configuration names. Without a tenant it is everybody's; a tenant's own goes before. */
export interface Network {
  prefix: string
  tenant?: string | undefined
  site: string
  name?: string | undefined
  role?: string | undefined
  asn?: number | undefined
  /** ISO 3166-1 alpha-2. */
  country?: string | undefined
}

/** What a database of AS numbers or of countries says; a country is `countryCode` of its two letters. */
export interface AddressDatabases {
  asn?: AddressRanges | undefined
  country?: AddressRanges | undefined
}

/** Addresses remembered; a power of two. A router's flows keep coming back to few thousand hosts. */
const rememberedMax = 8_192

/**
 * What is known of an address beside the flow itself. One of these serves one tenant; `look` leaves its findings in the
 * fields, so that a record costs no allocation.
 */
export class FlowEnrichment {
  /** Networks of this tenant; index + 1 is what `network` holds. */
  readonly networks: readonly Network[]
  /** 0 where no configured network holds the address. */
  network = 0
  /** 0 unknown. */
  asn = 0
  /** `countryCode`; 0 unknown. */
  country = 0
  readonly #ranges: AddressRanges | undefined
  readonly #databases: AddressDatabases
  readonly #asns: Uint32Array
  readonly #countries: Uint16Array
  readonly #keys = new Uint32Array(rememberedMax * 4)
  readonly #found = new Uint32Array(rememberedMax * 3)
  readonly #known = new Uint8Array(rememberedMax)

  constructor(tenantId: string, networks: readonly Network[], databases: AddressDatabases = {}) {
    // Sorted so that of equal prefixes the tenant's own comes later and stands.
    this.networks = networks
      .filter(network => network.tenant === undefined || network.tenant === tenantId)
      .sort((a, b) => Number(a.tenant !== undefined) - Number(b.tenant !== undefined))
    const prefixes = this.networks.flatMap(({ prefix }, i) => {
      const parsed = parsePrefix(prefix)
      return parsed ? [{ ...parsed, value: i + 1 }] : []
    })
    this.#ranges = prefixes.length > 0 ? longestPrefixRanges(prefixes) : undefined
    this.#databases = databases
    this.#asns = Uint32Array.from([0, ...this.networks.map(network => network.asn ?? 0)])
    this.#countries = Uint16Array.from([0, ...this.networks.map(network => countryCode(network.country ?? ''))])
  }

  /** Whether there is anything to look up. */
  get isEmpty(): boolean {
    return !this.#ranges && !this.#databases.asn && !this.#databases.country
  }

  /** Looks an address up: words at `at` of a `FlowColumns` words column. */
  look(words: Uint32Array, at: number): void {
    const a = words[at]!
    const b = words[at + 1]!
    const c = words[at + 2]!
    const d = words[at + 3]!
    let hash = Math.imul(a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, 0x9e3779b1), 0x85ebca6b), 0xc2b2ae35), 0x27d4eb2f)
    hash ^= hash >>> 15
    const slot = hash & (rememberedMax - 1)
    const keys = this.#keys
    const key = slot * 4
    const found = this.#found
    const at3 = slot * 3
    const isKnown =
      this.#known[slot] === 1 && keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d
    if (!isKnown) {
      keys[key] = a
      keys[key + 1] = b
      keys[key + 2] = c
      keys[key + 3] = d
      this.#known[slot] = 1
      this.#read(words, at)
      found[at3] = this.network
      found[at3 + 1] = this.asn
      found[at3 + 2] = this.country
      return
    }
    this.network = found[at3]!
    this.asn = found[at3 + 1]!
    this.country = found[at3 + 2]!
  }

  #read(words: Uint32Array, at: number): void {
    const { asn, country } = this.#databases
    const network = this.#ranges ? Math.max(0, this.#ranges.find(words, at)) : 0
    this.network = network
    this.asn = this.#asns[network]! || (asn ? Math.max(0, asn.find(words, at)) : 0)
    this.country = this.#countries[network]! || (country ? Math.max(0, country.find(words, at)) : 0)
  }
}

/** Two letters in 16 bits; 0 for anything else. */
export function countryCode(letters: string): number {
  return /^[A-Za-z]{2}$/.test(letters)
    ? (letters.toUpperCase().charCodeAt(0) << 8) | letters.toUpperCase().charCodeAt(1)
    : 0
}

export function countryLetters(code: number): string {
  return code === 0 ? '' : String.fromCharCode(code >>> 8, code & 0xff)
}
