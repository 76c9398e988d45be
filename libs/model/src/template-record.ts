import { z } from 'zod'
import type { ExporterId } from './identity.ts'

const offset = z.string().regex(/^\d+$/)

/**
 * A value of the compacted `weir.templates.v1`, as JSON: one template of one exporter as it was learned. Written when the
 * template is new or has another layout; the key is deleted when the exporter takes it back or it is forgotten. For tools
 * and screens: the processor's own templates are in its state rows.
 */
export const templateRecordSchema = z.object({
  schema: z.literal('weir.template.v1'),
  tenantId: z.string(),
  exporterId: z.string(),
  /** UDP source port: two exporters behind one address differ in it. */
  sourcePort: z.int(),
  protocol: z.enum(['netflow9', 'ipfix']),
  /** Observation domain, or v9's source id. */
  observationDomainId: z.int(),
  templateId: z.int(),
  options: z.boolean(),
  /** Leading fields that say what an options record is about. */
  scopeFields: z.int(),
  /** `length` 65535: each record tells. */
  fields: z.array(z.object({ name: z.string(), enterprise: z.int(), element: z.int(), length: z.int() })),
  firstSeenAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
  /** Where in `weir.flows.raw.v1` the id was first noted, and where this layout was. */
  logId: z.string(),
  partition: z.int(),
  firstSeenOffset: offset,
  changedOffset: offset,
})
export type TemplateRecord = z.infer<typeof templateRecordSchema>

/** Key on `weir.templates.v1`. */
export function templateKey(
  exporterId: ExporterId,
  of: { sourcePort: number; version: number; domain: number; id: number },
): string {
  return `${exporterId}/${of.sourcePort}/${of.version}/${of.domain}/${of.id}`
}
