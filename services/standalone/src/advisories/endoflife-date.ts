import { z } from 'zod'
import { type Imported, type ImportHints, take } from './imported.ts'

const dateOrFlag = z.union([z.string(), z.boolean()]).optional()

/** A product's cycles as endoflife.date/api/{product}.json lists them. */
export const endOfLifeSchema = z
  .array(
    z.object({
      cycle: z.union([z.string(), z.number()]),
      eol: dateOrFlag,
      support: dateOrFlag,
      latest: z.string().optional(),
      link: z.string().nullish(),
    }),
  )
  .min(1)

/** One entry for each cycle whose end has a date; the list does not say of what, so that `--os` must. */
export function importEndOfLife(cycles: z.output<typeof endOfLifeSchema>, hints: ImportHints, into: Imported): void {
  const { os, vendor } = hints
  for (const { cycle, eol, support, latest, link } of cycles) {
    const name = `end of life ${os} ${cycle}`
    const endOfLife = typeof eol === 'string' ? eol : undefined
    const endOfSupport = typeof support === 'string' ? support : undefined
    if (endOfLife === undefined && endOfSupport === undefined) {
      into.skipped.push(`${cycle}: no date is given`)
      continue
    }
    const fixedIn = latest === undefined ? [] : [latest]
    const url = link && /^https?:/.test(link) ? link : undefined
    // The latest of an ended cycle is no way out of it.
    const entry = { id: name, vendor, os, affected: [`${cycle}.x`], endOfLife, endOfSupport, url }
    take(into, endOfLife === undefined ? { ...entry, fixedIn } : entry, name)
  }
}
