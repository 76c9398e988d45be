import { z } from 'zod'
import { parseRange } from './version-range.ts'

const name = z.string().min(1).max(128)
const rangeText = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    const range = parseRange(text)
    if (typeof range === 'string') context.addIssue({ code: 'custom', message: range })
  })

/** `2026-01-31`: midnight UTC at its beginning. */
const date = z.iso.date()

export const advisorySeverities = ['none', 'low', 'medium', 'high', 'critical'] as const

/**
 * One entry of an advisory list, `weir.advisories.v1`: versions of an operating system that have a known fault, or that
 * nobody looks after any more.
 */
export const advisorySchema = z
  .strictObject({
    /** The vendor's or CVE's own: CVE-2024-20353, JSA12345. */
    id: name,
    title: z.string().max(512).optional(),
    /** As device profiles tell it; any without. */
    vendor: name.optional(),
    /** As device profiles tell it: iosxe, junos, panos … */
    os: name,
    /** Models, with `*` for anything: `C9300*`; any without. */
    hardware: name.optional(),
    /** Ranges of versions, any of which; all versions without. */
    affected: z.array(rangeText).max(4_096).optional(),
    fixedIn: z.array(name).max(256).optional(),
    severity: z.enum(advisorySeverities).default('none'),
    endOfLife: date.optional(),
    endOfSupport: date.optional(),
    url: z
      .url({ protocol: /^https?$/ })
      .max(1_024)
      .optional(),
  })
  .refine(one => one.affected || one.endOfLife || one.endOfSupport, {
    message: 'an advisory has "affected" versions, or a date "endOfLife" or "endOfSupport"',
  })
export type Advisory = z.output<typeof advisorySchema>

export const advisoryListSchema = z.strictObject({
  schema: z.literal('weir.advisories.v1').default('weir.advisories.v1'),
  advisories: z.array(advisorySchema).max(20_000),
})

/** The version that devices are to have; the first entry that fits a device speaks for it. */
export const wantedVersionSchema = z
  .strictObject({
    vendor: name.optional(),
    os: name,
    /** Models, with `*` for anything. */
    hardware: name.optional(),
    role: name.optional(),
    tenant: name.optional(),
    /** Older ones are outdated; newer ones are ahead, which is no fault. */
    version: name.optional(),
    /** What lies outside is outdated. */
    range: rangeText.optional(),
  })
  .refine(one => (one.version === undefined) !== (one.range === undefined), {
    message: 'a wanted version has either "version" or "range"',
  })
export type WantedVersion = z.output<typeof wantedVersionSchema>

/** What versions are held against. */
export interface FirmwarePolicy {
  wanted: readonly WantedVersion[]
  advisories: readonly Advisory[]
}

export const noPolicy: FirmwarePolicy = { wanted: [], advisories: [] }
