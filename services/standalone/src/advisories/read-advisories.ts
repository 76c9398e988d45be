import { readFileSync } from 'node:fs'
import { type Advisory, advisoryListSchema } from '../../../../libs/detect/src/index.ts'
import { ConfigError, parseConfig } from '../../../../libs/kernel/src/index.ts'
import { importCsv } from './advisory-csv.ts'
import { csafSchema, importCsaf } from './csaf.ts'
import { cveRecordSchema, importCveRecord } from './cve-record.ts'
import { endOfLifeSchema, importEndOfLife } from './endoflife-date.ts'
import type { Imported, ImportHints } from './imported.ts'

const fileBytesMax = 64 * 1024 * 1024
/** The stream's configuration travels as one record of the bus. */
const policyBytesMax = 512 * 1024

export const advisoryFormats = ['weir', 'csv', 'csaf', 'cve', 'endoflife'] as const
export type AdvisoryFormat = (typeof advisoryFormats)[number]

/**
 * Reads a list of any format that is known, told by what it looks like.
 * @throws Error with the file's name when it is none
 */
export function importAdvisories(
  text: string,
  sourceName: string,
  hints: ImportHints,
): Imported & { format: AdvisoryFormat } {
  if (text.length > fileBytesMax) throw new Error(`${sourceName}: more than ${fileBytesMax / 1024 / 1024} MiB`)
  const content = text.replace(/^\uFEFF/, '')
  const into: Imported = { advisories: [], skipped: [] }
  const done = (format: AdvisoryFormat) => ({ format, ...into })
  const json = parsedJson(content)
  if (json !== undefined) {
    const csaf = csafSchema.safeParse(json)
    if (csaf.success) {
      importCsaf(csaf.data, hints, into)
      return done('csaf')
    }
    const records = cveRecords(json)
    if (records) {
      for (const record of records) importCveRecord(record, hints, into)
      return done('cve')
    }
    const cycles = endOfLifeSchema.safeParse(json)
    if (cycles.success) {
      if (hints.os === undefined) throw new Error(`${sourceName}: a list of cycles does not say of what; give --os`)
      importEndOfLife(cycles.data, hints, into)
      return done('endoflife')
    }
  } else if (/^"?(id|title|vendor|os)"?,/.test(content)) {
    try {
      importCsv(content, hints, into)
    } catch (cause) {
      throw new Error(`${sourceName}: ${(cause as Error).message}`, { cause })
    }
    return done('csv')
  }
  into.advisories.push(...parseConfig(advisoryListSchema, content, sourceName).advisories)
  return done('weir')
}

/**
 * The lists that the configuration names: weir.advisories.v1 as YAML or JSON, or its table as CSV.
 * @throws ConfigError
 */
export function readAdvisoryFiles(files: readonly string[]): Advisory[] {
  const advisories: Advisory[] = []
  for (const file of files) {
    const found = readOne(file)
    if (found.skipped.length > 0) throw new ConfigError(found.skipped.map(text => `${file}: ${text}`))
    advisories.push(...found.advisories)
  }
  const bytes = Buffer.byteLength(JSON.stringify(advisories))
  if (bytes > policyBytesMax) {
    const has = `firmware.advisories: ${advisories.length} entries are ${Math.ceil(bytes / 1024)} KiB`
    throw new ConfigError([
      `${has}; ${policyBytesMax / 1024} KiB fit: import what you run only (weir advisories import --only)`,
    ])
  }
  return advisories
}

function readOne(file: string): Imported {
  try {
    return importAdvisories(readFileSync(file, 'utf8'), file, {})
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError([`firmware.advisories: ${(cause as Error).message}`])
  }
}

function parsedJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** One CVE record, or a list of them. */
function cveRecords(json: unknown) {
  const records = (Array.isArray(json) ? json : [json]).map(one => cveRecordSchema.safeParse(one))
  return records.length > 0 && records.every(one => one.success) ? records.map(one => one.data!) : undefined
}
