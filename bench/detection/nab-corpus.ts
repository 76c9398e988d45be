import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One labelled series of NAB (numenta/NAB). */
export interface LabelledSeries {
  name: string
  category: string
  timesMs: Float64Array
  values: Float64Array
  /** First and last index of each labelled window. */
  windows: [first: number, last: number][]
  /** Rows at the beginning that are not scored: 15 %, at most 750. */
  probation: number
}

/** All series under `folder`, with NAB's combined windows. */
export function readCorpus(folder: string): LabelledSeries[] {
  const labels = JSON.parse(readFileSync(join(folder, 'labels/combined_windows.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >
  return Object.entries(labels).map(([name, windows]) => {
    const rows = readFileSync(join(folder, 'data', name), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
    const timesMs = Float64Array.from(rows, row => utcMs(row.slice(0, row.indexOf(','))))
    const values = Float64Array.from(rows, row => Number(row.slice(row.indexOf(',') + 1)))
    return {
      name,
      category: name.slice(0, name.indexOf('/')),
      timesMs,
      values,
      windows: windows.map(([from, to]) => [
        timesMs.findIndex(ms => ms >= utcMs(from)),
        timesMs.findLastIndex(ms => ms <= utcMs(to)),
      ]),
      probation: Math.min(Math.floor(0.15 * rows.length), 750),
    }
  })
}

function utcMs(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)
}
