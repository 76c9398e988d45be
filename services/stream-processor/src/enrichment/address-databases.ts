import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Reader, type Response } from 'mmdb-lib'
import { z } from 'zod'
import { ConfigError } from '../../../../libs/kernel/src/index.ts'
import {
  type AddressDatabases,
  type AddressRanges,
  addressRanges,
  countryCode,
  noValue,
  type RangeStart,
} from '../../../../libs/stream/src/index.ts'

/** Databases in MaxMind's format (GeoLite2, DB-IP and IPinfo have it). */
export const enrichmentConfigSchema = z.strictObject({
  asnDatabase: z.string().optional(),
  countryDatabase: z.string().optional(),
})
export type EnrichmentConfig = z.output<typeof enrichmentConfigSchema>

export interface LoadedDatabases extends AddressDatabases {
  /** SHA-256 of each file: part of the configuration's version. */
  digests: Readonly<Record<string, string>>
}

/** @throws ConfigError when a file is not there or is no database */
export function loadAddressDatabases(config: EnrichmentConfig): LoadedDatabases {
  const digests: Record<string, string> = {}
  const load = (key: keyof EnrichmentConfig, readValue: (record: MmdbRecord) => number) => {
    const file = config[key]
    if (file === undefined) return undefined
    try {
      const content = readFileSync(file)
      digests[key] = createHash('sha256').update(content).digest('hex')
      return rangesOfDatabase(content, readValue)
    } catch (cause) {
      throw new ConfigError([`enrichment.${key}: ${file} cannot be read: ${(cause as Error).message}`])
    }
  }
  const asn = load('asnDatabase', asnOf)
  const country = load('countryDatabase', countryOf)
  return { asn, country, digests }
}

/** Fields of the databases' records that we read, as MaxMind and IPinfo name them. */
interface MmdbRecord {
  autonomous_system_number?: number
  asn?: string | number
  country?: { iso_code?: string } | string
  registered_country?: { iso_code?: string }
  country_code?: string
}

function asnOf(record: MmdbRecord): number {
  const given = record.autonomous_system_number ?? record.asn
  const asn = Number(String(given ?? '').replace(/^AS/, ''))
  // Values are 32-bit with a sign; AS numbers beyond 2^31 are for private use and in no public database.
  return Number.isInteger(asn) && asn > 0 && asn < 0x8000_0000 ? asn : noValue
}

function countryOf(record: MmdbRecord): number {
  const { country } = record
  const named = typeof country === 'object' ? country.iso_code : (record.country_code ?? country)
  return countryCode(named ?? record.registered_country?.iso_code ?? '') || noValue
}

/**
 * All networks of a database as ranges: a walk through its search tree, which holds them in order (MaxMind DB format 2.0,
 * "Binary Search Tree Section"). One mechanism then serves databases and configured networks, without text per look-up.
 */
export function rangesOfDatabase(content: Buffer, readValue: (record: MmdbRecord) => number): AddressRanges {
  const reader = new Reader<Response>(content)
  const { nodeCount, recordSize, ipVersion } = reader.metadata
  const knownValues = new Map<number, number>()
  const ipv4: RangeStart[] = []
  const ipv6: RangeStart[] = []
  const put = (ranges: RangeStart[], start: bigint, value: number): void => {
    if (ranges.at(-1)?.value !== value) ranges.push({ start, value })
  }
  const walk = (ranges: RangeStart[], record: number, start: bigint, bits: number, size: number): void => {
    if (record < nodeCount && bits < size) {
      const right = start | (1n << BigInt(size - bits - 1))
      walk(ranges, readRecord(content, recordSize, record, 0), start, bits + 1, size)
      walk(ranges, readRecord(content, recordSize, record, 1), right, bits + 1, size)
      return
    }
    let value = record <= nodeCount ? noValue : knownValues.get(record)
    if (value === undefined) {
      const found = reader.get(addressOf(start, size)) as MmdbRecord | null
      value = found ? readValue(found) : noValue
      knownValues.set(record, value)
    }
    put(ranges, start, value)
  }
  if (ipVersion === 4) walk(ipv4, 0, 0n, 0, 32)
  else {
    walk(ipv6, 0, 0n, 0, 128)
    // IPv4 lies in the first 32 of the last bits of ::/96.
    let root = 0
    for (let bit = 0; bit < 96 && root < nodeCount; bit++) root = readRecord(content, recordSize, root, 0)
    walk(ipv4, root, 0n, 0, 32)
  }
  return addressRanges(ipv4, ipv6)
}

function readRecord(tree: Buffer, recordSize: number, node: number, side: 0 | 1): number {
  const at = (node * recordSize) / 4
  switch (recordSize) {
    case 24:
      return tree.readUIntBE(at + 3 * side, 3)
    case 28: {
      const middle = tree[at + 3]!
      return side === 0
        ? ((middle >>> 4) << 24) | tree.readUIntBE(at, 3)
        : ((middle & 0xf) << 24) | tree.readUIntBE(at + 4, 3)
    }
    case 32:
      return tree.readUInt32BE(at + 4 * side)
    default:
      throw new Error(`records of ${recordSize} bits are not of format 2.0`)
  }
}

function addressOf(value: bigint, size: number): string {
  const group = (width: number, count: number, radix: number) =>
    Array.from({ length: count }, (_, i) =>
      ((value >> BigInt(width * (count - i - 1))) & ((1n << BigInt(width)) - 1n)).toString(radix),
    )
  return size === 32 ? group(8, 4, 10).join('.') : group(16, 8, 16).join(':')
}
