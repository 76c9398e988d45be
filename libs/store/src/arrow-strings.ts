import type { StoreError } from './store.ts'

/** Offsets are signed 32 bits (Arrow's Utf8). */
const bytesMax = 0x7fff_ffff

/** Arrow's layout of a text column: `length + 1` offsets into the UTF-8 bytes of all values. */
export interface EncodedStrings {
  offsets: Int32Array
  bytes: Uint8Array
}

/**
 * Encodes texts in one native call: joined first, because a call a value costs more than the bytes do. Texts of ASCII
 * alone, nearly all of ours, have as many bytes as characters and need no second look.
 */
export function encodeStrings(values: readonly string[], complain: (problem: string) => StoreError): EncodedStrings {
  const offsets = new Int32Array(values.length + 1)
  let characters = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'string') throw complain(`row ${i} holds no text but ${typeof value}`)
    characters += value.length
    offsets[i + 1] = characters
  }
  // Three bytes a UTF-16 code unit at most; V8 refuses strings past 2^29 as well.
  if (characters > bytesMax / 4) throw complain(`holds ${characters} characters, too many for one block`)
  const bytes = Buffer.from(values.join(''), 'utf8')
  if (bytes.length === characters) return { offsets, bytes }
  setByteOffsets(offsets, values)
  // Halves of a surrogate pair, at the end of one text and the start of the next, became one character in the joined text.
  if (offsets[values.length] !== bytes.length) return { offsets, bytes: encodeApart(offsets, values) }
  return { offsets, bytes }
}

function encodeApart(offsets: Int32Array, values: readonly string[]): Uint8Array {
  const bytes = Buffer.alloc(offsets[values.length]!)
  for (let i = 0; i < values.length; i++) bytes.write(values[i]!, offsets[i]!, 'utf8')
  return bytes
}

function setByteOffsets(offsets: Int32Array, values: readonly string[]): void {
  let end = 0
  for (let i = 0; i < values.length; i++) {
    end += Buffer.byteLength(values[i]!, 'utf8')
    offsets[i + 1] = end
  }
}
