/** Offsets of Arrow's Utf8 are signed 32 bits; V8's own texts end earlier. */
export const textBytesMax = 0x1fff_ffff

/** A column of texts, measured, ready to be written where it goes. */
export interface TextColumn {
  byteLength: number
  /** @param offsets `length + 1` of them, the first 0 */
  write(offsets: Int32Array, bytes: Buffer): void
}

/**
 * Measures a column for Arrow's layout: offsets into the UTF-8 bytes of all values. A native call a value would cost more
 * than its bytes do, so values are joined and written in one; sorted columns of few values are written once a run.
 * @returns the row that holds no text, if one does
 */
export function measureTexts(values: readonly string[]): TextColumn | { badRow: number } {
  let characters = 0
  let runs = 0
  let previous: unknown
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value !== previous) {
      if (typeof value !== 'string') return { badRow: i }
      runs++
      previous = value
    }
    characters += value!.length
  }
  return runs * 4 <= values.length ? measureRuns(values) : measureJoined(values, characters)
}

function measureRuns(values: readonly string[]): TextColumn {
  let byteLength = 0
  let length = 0
  for (let i = 0; i < values.length; i++) {
    if (i === 0 || values[i] !== values[i - 1]) length = Buffer.byteLength(values[i]!)
    byteLength += length
  }
  return {
    byteLength,
    write(offsets, bytes) {
      let end = 0
      for (let i = 0; i < values.length; ) {
        const from = i
        const value = values[i]!
        const size = bytes.write(value, end)
        for (; i < values.length && values[i] === value; i++) offsets[i + 1] = end + (i - from + 1) * size
        repeat(bytes, end, size, i - from)
        end += (i - from) * size
      }
    },
  }
}

/** Fills `count` copies after the first by doubling what is there. */
function repeat(bytes: Buffer, at: number, size: number, count: number): void {
  const end = at + size * count
  for (let done = at + size; done < end; ) {
    const next = Math.min(done - at, end - done)
    bytes.copyWithin(done, at, at + next)
    done += next
  }
}

function measureJoined(values: readonly string[], characters: number): TextColumn {
  const joined = values.join('')
  const byteLength = Buffer.byteLength(joined)
  // ASCII alone, nearly all of ours: as many bytes as characters.
  if (byteLength === characters) {
    return {
      byteLength,
      write(offsets, bytes) {
        for (let i = 0; i < values.length; i++) offsets[i + 1] = offsets[i]! + values[i]!.length
        bytes.write(joined, 0, 'latin1')
      },
    }
  }
  // Measured apart: halves of a surrogate pair, at the end of one text and the start of the next, would become one
  // character in the joined text.
  const lengths = Int32Array.from(values, value => Buffer.byteLength(value))
  const apart = lengths.reduce((sum, length) => sum + length, 0)
  return {
    byteLength: apart,
    write(offsets, bytes) {
      for (let i = 0; i < values.length; i++) offsets[i + 1] = offsets[i]! + lengths[i]!
      if (apart === byteLength) bytes.write(joined, 0)
      else for (let i = 0; i < values.length; i++) bytes.write(values[i]!, offsets[i]!)
    },
  }
}
