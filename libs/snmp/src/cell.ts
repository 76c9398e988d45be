import type { CellType } from './if-mib.ts'
import type { SnmpValue } from './value.ts'

export type CellVerdict = 'good' | 'missing' | 'cell-wrong-type' | 'cell-invalid'

/**
 * Whether a cell holds what its column's type says. A null or an exception is a cell that does not exist (F38): it is
 * missing, never zero. A wrong type is never converted: a counter read as another type has another range and another
 * meaning.
 */
export function judgeCell(value: SnmpValue | undefined, type: CellType): CellVerdict {
  if (value === undefined) return 'missing'
  switch (value.type) {
    case type:
      return 'good'
    case 'null':
    case 'noSuchObject':
    case 'noSuchInstance':
    case 'endOfMibView':
      return 'missing'
    case 'invalid':
      return 'cell-invalid'
    default:
      return 'cell-wrong-type'
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })
const latin1 = new TextDecoder('latin1')

/**
 * A DisplayString or SnmpAdminString as text: UTF-8 where it is, else Latin-1 (agents without SnmpAdminString send their
 * own code page). Control characters and bidirectional overrides become spaces, so that a description can neither break
 * a line of a log nor reorder a screen (F51); trailing NULs and spaces are padding. At most `lengthMax` characters.
 */
export function displayText(octets: Uint8Array, lengthMax = 255): string {
  let text: string
  try {
    text = strictUtf8.decode(octets)
  } catch {
    text = latin1.decode(octets)
  }
  const clean = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go.
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g, ' ')
    .trim()
  return clean.length > lengthMax ? clean.slice(0, lengthMax).replace(/[\ud800-\udbff]$/, '') : clean
}
