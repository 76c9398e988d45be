import { csvFields } from '../detect/series-csv.ts'
import { type Imported, type ImportHints, take } from './imported.ts'

const columns = [
  'id',
  'title',
  'vendor',
  'os',
  'hardware',
  'affected',
  'fixedIn',
  'severity',
  'endOfLife',
  'endOfSupport',
  'url',
]
const lists: ReadonlySet<string> = new Set(['affected', 'fixedIn'])

/**
 * A table with a header line: the fields of `weir.advisories.v1` as columns, several values of one cell apart by `;`.
 * @throws Error when the header names none of them
 */
export function importCsv(text: string, hints: ImportHints, into: Imported): void {
  const lines = text.split(/\r?\n/)
  const header = csvFields(lines[0] ?? '').map(name => name.trim())
  const unknown = header.filter(name => !columns.includes(name))
  if (unknown.length > 0) throw new Error(`the header's "${unknown[0]}" is none of ${columns.join(', ')}`)
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line.trim() === '') continue
    const entry: Record<string, unknown> = { ...hints }
    for (const [column, cell] of csvFields(line).entries()) {
      const name = header[column]
      const value = cell.trim()
      if (name === undefined || value === '') continue
      entry[name] = lists.has(name)
        ? value
            .split(';')
            .map(one => one.trim())
            .filter(one => one !== '')
        : value
    }
    take(into, entry, `line ${i + 1}`)
  }
}
