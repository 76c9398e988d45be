/** Fields of one line of CSV (RFC 4180 §2); a field with quotes holds no line break here. */
export function csvFields(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (quoted) {
      if (char !== '"') field += char
      else if (line[i + 1] === '"') {
        field += '"'
        i++
      } else quoted = false
    } else if (char === '"') quoted = true
    else if (char === ',') {
      fields.push(field)
      field = ''
    } else field += char
  }
  return [...fields, field]
}

/** A field as it may stand in CSV. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Milliseconds since the Unix epoch of a timestamp: ISO 8601 or `YYYY-MM-DD hh:mm[:ss]`, UTC where it names no zone; or
 * a number of seconds, or of milliseconds from 10^11 on (March 1973). NaN where it is none of these.
 */
export function timestampMs(text: string): number {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const number = Number(trimmed)
    return number >= 1e11 ? number : number * 1_000
  }
  const iso = trimmed.replace(' ', 'T')
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(iso) || !iso.includes('T')
  return Date.parse(zoned ? iso : `${iso}Z`)
}

/** A number, or NaN for an empty field and whatever is none. */
export function csvNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
