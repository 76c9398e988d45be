import { arcAt, arcCount, type Oid } from '../../../../libs/snmp/src/index.ts'

/** A place in a template: alternatives, of which the first that yields text counts. */
interface Hole {
  readonly alternatives: readonly Reference[]
}

export interface Reference {
  readonly name: string
  /** Arcs of the row's index at which to look; all of them unless given. */
  readonly arcs?: { readonly from: number; readonly to: number }
  /** Look at the index that this column's value is. */
  readonly via?: string
}

export interface Template {
  readonly parts: readonly (string | Hole)[]
}

/** Parses `Slot {index[0]}: {name|descr}`; throws on what it cannot read, since templates come with the program. */
export function parseTemplate(text: string): Template {
  const parts: (string | Hole)[] = []
  let at = 0
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    if (match.index > at) parts.push(text.slice(at, match.index))
    parts.push({ alternatives: match[1]!.split('|').map(parseReference) })
    at = match.index + match[0].length
  }
  if (at < text.length) parts.push(text.slice(at))
  return { parts }
}

export function parseReference(text: string): Reference {
  const match = /^([A-Za-z][A-Za-z0-9]*)(?:@([A-Za-z][A-Za-z0-9]*)|\[(-?\d+)(?:\.\.(-?\d+))?\])?$/.exec(text.trim())
  if (!match) throw new Error(`"${text}" in a template is neither a column nor an index`)
  const [, name, via, from, to] = match
  if (via !== undefined) return { name: name!, via }
  return from === undefined ? { name: name! } : { name: name!, arcs: { from: Number(from), to: Number(to ?? from) } }
}

export function referencesOf(template: Template): string[] {
  return template.parts.flatMap(part =>
    typeof part === 'string' ? [] : part.alternatives.flatMap(({ name, via }) => (via ? [name, via] : [name])),
  )
}

/** Arcs `from` to `to` of an index, both counted from the end when negative. */
export function selectArcs(index: Oid, arcs: { from: number; to: number } | undefined): Oid {
  if (!arcs) return index
  const count = arcCount(index)
  const place = (i: number): number => (i < 0 ? count + i : i)
  return index.slice(2 * Math.max(0, place(arcs.from)), 2 * (place(arcs.to) + 1)) as Oid
}

export function renderTemplate(template: Template, lookUp: (reference: Reference) => string): string {
  let result = ''
  for (const part of template.parts) {
    if (typeof part === 'string') {
      result += part
      continue
    }
    for (const reference of part.alternatives) {
      const text = lookUp(reference)
      if (text !== '') {
        result += text
        break
      }
    }
  }
  return result.replaceAll(/\s+/g, ' ').trim()
}

/** The arc that `index[N]` names; -1 where the index has none. */
export function arcOf(index: Oid, reference: string): number {
  const position = Number(/^index\[(-?\d+)\]$/.exec(reference)?.[1])
  return arcAt(index, position < 0 ? arcCount(index) + position : position)
}
