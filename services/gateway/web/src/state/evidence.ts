import type { Evidence } from '../../../../../libs/model/src/index.ts'
import { inertText } from './text.ts'
import { bitRate, count, duration, threeDigits } from './units.ts'

/** The summary without the name of the port, which stands above it already. */
export function evidenceWords(summary: string, port: string): string {
  const text = inertText(summary)
  const [first = '', ...rest] = text.split(' ')
  return port !== '' && shortensTo(first, port) && rest.length > 0 ? rest.join(' ') : text
}

/** `Ethernet1/49` and `Eth1/49` are one port: the same end, and the same first letters. */
function shortensTo(name: string, port: string): boolean {
  const number = /\d.*$/.exec(port)?.[0]
  return name === port || (number !== undefined && name.endsWith(number) && name[0] === port[0])
}

/**
 * What was expected of the first thing that was also measured, in the unit its name ends in. The summary says what was
 * measured; on a narrow screen its end is cut, this is not.
 */
export function expectedWords({ summary, measured, expected }: Evidence): string {
  if (/\bexpected\b|\bshould\b/.test(summary)) return ''
  for (const [name, value] of Object.entries(expected)) {
    if (typeof value !== 'number' || !(name in measured)) continue
    const words = inUnitOf(name, value)
    if (words !== null) return `expected ${words}`
  }
  return ''
}

/** Codes of a MIB say nothing to a reader, so a status is left to the summary. */
function inUnitOf(name: string, value: number): string | null {
  if (/Status$/.test(name)) return null
  if (/[rR]atio$/.test(name)) return value === 0 ? 'none' : value < 0.001 ? oneIn(value) : `${plain(value * 100)} %`
  if (/^utilisation/i.test(name)) return `${plain(value * 100)} %`
  if (/BitsPerSecond$/i.test(name)) {
    const { figure, unit } = bitRate(value)
    return `${figure} ${unit}`
  }
  if (/Ms$/.test(name)) return duration(value)
  return value === 0 ? 'none' : plain(value)
}

function oneIn(ratio: number): string {
  return `1 in ${count(Number((1 / ratio).toPrecision(2)))}`
}

/** `90 %` of a limit, not `90.0 %`: nobody measured it. */
function plain(value: number): string {
  return Number.isInteger(value) ? count(value) : String(Number(threeDigits(value)))
}
