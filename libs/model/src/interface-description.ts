/** What people write of an interface in its description. */
export interface InterfaceDescription {
  kind: 'cust' | 'transit' | 'peering' | 'core'
  /** Customer, provider, peer, or what is at the far end. */
  name: string
  speed: { inBitsPerSecond: number; outBitsPerSecond: number } | undefined
  note: string
  circuitId: string
}

/** ifAlias has 64 octets by RFC 2863; some agents give 255. */
const textMax = 255
const pieceMax = 128

/**
 * Reads `Cust:|Transit:|Peering:|Core: name [speed] (note) {circuit}`, the grammar of LibreNMS's interface descriptions
 * (docs.librenms.org, "Interface Description Parsing"). Each bracket is optional, in any order; undefined of any other
 * text. Control characters go: what comes out is shown and said to people.
 */
export function parseInterfaceDescription(ifAlias: string): InterfaceDescription | undefined {
  const text = ifAlias.slice(0, textMax).replace(/\p{C}/gu, ' ')
  const start = /^\s*(cust|transit|peering|core)\s*:\s*/i.exec(text)
  if (!start) return undefined
  const rest = text.slice(start[0].length)
  const firstBracket = rest.search(/[[({]/)
  const name = piece(firstBracket < 0 ? rest : rest.slice(0, firstBracket))
  if (name === '') return undefined
  return {
    kind: start[1]!.toLowerCase() as InterfaceDescription['kind'],
    name,
    speed: parseSpeed(bracketed(rest, '[', ']')),
    note: bracketed(rest, '(', ')'),
    circuitId: bracketed(rest, '{', '}'),
  }
}

function bracketed(text: string, open: string, close: string): string {
  const from = text.indexOf(open)
  const to = from < 0 ? -1 : text.indexOf(close, from + 1)
  return to < 0 ? '' : piece(text.slice(from + 1, to))
}

function piece(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, pieceMax)
}

const unitBits: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }
/** 100 Tbit/s: beyond it, it is a slip. */
const speedMax = 1e14

/**
 * `10M`, `1.5G`, `100 Mbit`, `2x10G`, `1 Gbit/s`; `100M/20M` is in and out. Units are decimal bits, as circuits are sold;
 * bytes (`10MB/s`) and anything else are not a speed.
 */
export function parseSpeed(text: string): InterfaceDescription['speed'] {
  const one = oneSpeed(text)
  if (one !== undefined) return { inBitsPerSecond: one, outBitsPerSecond: one }
  // `1 Gbit/s` has a slash of its own; the one between two speeds stands before a digit.
  const between = /^(.*[a-z)\s])\s*\/\s*(\d.*)$/i.exec(text.slice(0, 64))
  const [down, up] = between ? [oneSpeed(between[1]!), oneSpeed(between[2]!)] : []
  return down !== undefined && up !== undefined ? { inBitsPerSecond: down, outBitsPerSecond: up } : undefined
}

function oneSpeed(text: string): number | undefined {
  const match =
    /^\s*(?:(\d{1,3})\s*x\s*)?(\d{1,9}(?:[.,]\d{1,3})?)\s*([kmgt]?)(bits?\/s|bit\/sec|bps|bits?|b)?(?:ps)?\s*$/i.exec(
      text,
    )
  if (!match) return undefined
  const [, times = '1', number = '', unit = '', word] = match
  // A bare number has no unit, and B is a byte.
  if ((unit === '' && word === undefined) || word === 'B') return undefined
  const bits = Math.round(Number(times) * Number(number.replace(',', '.')) * unitBits[unit.toLowerCase()]!)
  return bits > 0 && bits <= speedMax ? bits : undefined
}
