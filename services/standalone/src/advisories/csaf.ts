import { z } from 'zod'
import { type Imported, type ImportHints, osOf, take } from './imported.ts'

interface Branch {
  category: string
  name: string
  product?: { product_id: string } | undefined
  branches?: Branch[] | undefined
}

const branchSchema: z.ZodType<Branch> = z.lazy(() =>
  z.object({
    category: z.string(),
    name: z.string(),
    product: z.object({ product_id: z.string() }).optional(),
    branches: z.array(branchSchema).optional(),
  }),
)

/** As much of a CSAF document as is read. OASIS, Common Security Advisory Framework 2.0, §3.2. */
export const csafSchema = z.object({
  document: z.object({
    /** Of any name: vendors have their own beside the standard's profiles. */
    csaf_version: z.string(),
    title: z.string().optional(),
    aggregate_severity: z.object({ text: z.string() }).optional(),
    tracking: z.object({ id: z.string() }),
    references: z.array(z.object({ category: z.string().optional(), url: z.string() })).optional(),
  }),
  product_tree: z.object({ branches: z.array(branchSchema).optional() }).optional(),
  vulnerabilities: z
    .array(
      z.object({
        cve: z.string().optional(),
        product_status: z
          .object({
            known_affected: z.array(z.string()).optional(),
            first_affected: z.array(z.string()).optional(),
            last_affected: z.array(z.string()).optional(),
            first_fixed: z.array(z.string()).optional(),
            fixed: z.array(z.string()).optional(),
          })
          .optional(),
        scores: z.array(z.object({ cvss_v3: z.object({ baseSeverity: z.string().optional() }).optional() })).optional(),
      }),
    )
    .optional(),
})

/** Cisco has trains as versions, and the versions in them as service packs. */
const versionCategories: ReadonlySet<string> = new Set([
  'product_version',
  'product_version_range',
  'service_pack',
  'patch_level',
])
/** Nesting of a product tree: vendor, family, name, version, and room; deeper is a mistake. */
const depthMax = 12
const severities: Readonly<Record<string, string>> = {
  ...{ critical: 'critical', high: 'high', important: 'high', medium: 'medium', moderate: 'medium', low: 'low' },
}

interface Leaf {
  os: string | undefined
  product: string
  /** A range, as libs/detect reads it. */
  range: string
  /** One version; undefined of a range. */
  version: string | undefined
}

/** One entry for each operating system that the document says is affected. */
export function importCsaf(document: z.output<typeof csafSchema>, hints: ImportHints, into: Imported): void {
  const { tracking, title, aggregate_severity: aggregate, references } = document.document
  const leaves = new Map<string, Leaf>()
  collect(document.product_tree?.branches ?? [], [], 0, hints, leaves)
  const byOs = new Map<string, { affected: Set<string>; fixedIn: Set<string> }>()
  const unknown = new Set<string>()
  let severity = severities[aggregate?.text.toLowerCase() ?? ''] ?? 'none'
  for (const { product_status: status, scores } of document.vulnerabilities ?? []) {
    const score = scores?.find(one => one.cvss_v3?.baseSeverity)?.cvss_v3?.baseSeverity?.toLowerCase()
    if (severity === 'none' && score) severity = severities[score] ?? 'none'
    for (const [ids, isFix] of [
      [status?.known_affected, false],
      [status?.first_affected, false],
      [status?.last_affected, false],
      [status?.first_fixed, true],
      [status?.fixed, true],
    ] as const) {
      for (const id of ids ?? []) {
        const leaf = leaves.get(id)
        if (!leaf) continue
        if (leaf.os === undefined) {
          if (!isFix) unknown.add(leaf.product)
          continue
        }
        const entry = byOs.get(leaf.os) ?? { affected: new Set(), fixedIn: new Set() }
        byOs.set(leaf.os, entry)
        if (!isFix) entry.affected.add(leaf.range)
        else if (leaf.version !== undefined) entry.fixedIn.add(leaf.version)
      }
    }
  }
  for (const product of unknown) {
    into.skipped.push(`${tracking.id}: "${product}" is no operating system known here; give --os`)
  }
  const url = references?.find(one => one.category === 'self' || /^https?:/.test(one.url))?.url
  let count = 0
  for (const [os, { affected, fixedIn }] of byOs) {
    if (affected.size === 0) continue
    count++
    const entry = { id: tracking.id, title: title?.slice(0, 512), vendor: hints.vendor, os, severity, url }
    take(into, { ...entry, affected: [...affected], fixedIn: [...fixedIn].slice(0, 256) }, tracking.id)
  }
  if (count === 0 && unknown.size === 0) into.skipped.push(`${tracking.id}: names no versions that are affected`)
}

function collect(
  branches: readonly Branch[],
  path: readonly string[],
  depth: number,
  hints: ImportHints,
  leaves: Map<string, Leaf>,
): void {
  if (depth > depthMax) return
  for (const branch of branches) {
    if (branch.product && versionCategories.has(branch.category)) {
      const product = path.join(' ')
      const isRange = branch.category === 'product_version_range'
      const range = isRange ? versRange(branch.name) : branch.name
      const version = isRange ? undefined : branch.name
      leaves.set(branch.product.product_id, { os: osOf(product, hints), product, range, version })
    }
    collect(branch.branches ?? [], [...path, branch.name], depth + 1, hints, leaves)
  }
}

/** `vers:generic/>=1.0|<1.2` (package-url VERS); a plain `<1.2` stays as it is. */
function versRange(text: string): string {
  return text.replace(/^vers:[^/]*\//, '').replaceAll('|', ' ')
}
