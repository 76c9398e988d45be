import { addressText, macText } from './address-text.ts'
import { hexOf } from './byte-view.ts'
import { type JsonValue, textOf, unsigned } from './element-values.ts'
import type { RecordFields } from './record-fields.ts'
import { type SflowFormat, structures } from './sflow-formats.ts'

/** Items of a path or a community list that are printed; a hostile count must not become an array. */
export const listMax = 4_096

/** As many of the format's fields as the record holds: some agents leave out the last (F24). */
export function structFields(view: DataView, at: number, end: number, layout: SflowFormat['fields']): RecordFields {
  const fields: RecordFields = {}
  readStruct(view, at, end, layout, fields)
  return fields
}

/** @returns the position after the last field that was there; -1 when some were not */
function readStruct(
  view: DataView,
  at: number,
  end: number,
  layout: SflowFormat['fields'],
  fields: RecordFields,
): number {
  let position = at
  for (const [name, type] of layout) {
    const next = structField(view, position, end, type)
    if (!next) return -1
    fields[name] = next.value
    position = next.at
  }
  return position
}

/** count(4) items; as many as are there. */
function listField(view: DataView, at: number, end: number, type: string): { value: JsonValue; at: number } {
  const count = view.getUint32(at)
  const items: JsonValue[] = []
  const structure = structures[type]
  let position = at + 4
  while (items.length < count && items.length < listMax && position < end) {
    if (structure) {
      const item: RecordFields = {}
      const next = readStruct(view, position, end, structure, item)
      if (next < 0) break
      items.push(item)
      position = next
    } else {
      const next = structField(view, position, end, type)
      if (!next) break
      items.push(next.value)
      position = next.at
    }
  }
  return { value: items, at: position }
}

function structField(
  view: DataView,
  at: number,
  end: number,
  type: string,
): { value: JsonValue; at: number } | undefined {
  const size = sizes[type] ?? 4
  if (at + size > end) return undefined
  if (type.startsWith('[]')) return listField(view, at, end, type.slice(2))
  const octets = (from: number, length: number): Uint8Array => new Uint8Array(view.buffer, from, length)
  switch (type) {
    case 'u64':
      return { value: unsigned(view, at, 8), at: at + 8 }
    case 'i32':
      return { value: view.getInt32(at), at: at + 4 }
    case 'f32': {
      const value = view.getFloat32(at)
      return { value: Number.isFinite(value) ? value : String(value), at: at + 4 }
    }
    case 'ip4':
    case 'ip6':
      return { value: addressText(octets(at, size)), at: at + size }
    case 'mac':
      return { value: macText(octets(at, 6)), at: at + 8 }
    case 'uuid':
      return { value: hexOf(view, at, at + 16), at: at + 16 }
    case 'address':
      return address(view, at, end)
    case 'header':
      return { value: sampledHeader(view, at, end), at: end }
    case 'text': {
      const length = view.getUint32(at)
      if (length > end - at - 4) return undefined
      return { value: textOf(view, at + 4, length), at: at + 4 + ((length + 3) & ~3) }
    }
    default:
      return { value: view.getUint32(at), at: at + 4 }
  }
}

/** type(4) address(4|16|0); null where the type says that there is none. */
export function address(view: DataView, at: number, end: number): { value: JsonValue; at: number } | undefined {
  if (at + 4 > end) return undefined
  const type = view.getUint32(at)
  const size = type === 1 ? 4 : type === 2 ? 16 : 0
  if (type > 2 || at + 4 + size > end) return undefined
  if (size === 0) return { value: null, at: at + 4 }
  return { value: addressText(new Uint8Array(view.buffer, at + 4, size)), at: at + 4 + size }
}

/** protocol(4) frameLength(4) stripped(4) headerLength(4) header */
export function sampledHeader(view: DataView, at: number, end: number): JsonValue {
  if (end - at < 16) return hexOf(view, at, end)
  const length = Math.min(view.getUint32(at + 12), end - at - 16)
  return {
    protocol: view.getUint32(at),
    frameLength: view.getUint32(at + 4),
    stripped: view.getUint32(at + 8),
    header: hexOf(view, at + 16, at + 16 + length),
  }
}

const sizes: Readonly<Record<string, number>> = { u64: 8, ip4: 4, ip6: 16, mac: 8, uuid: 16 }
