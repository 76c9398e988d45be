import { z } from 'zod'
import { idPattern } from './identity.ts'

const id = z.string().regex(idPattern)

/**
 * What a person decided of an exporter that no configuration knows: value of `exporter/<collectorId>/<address>` on
 * `weir.config.v1`, where every collector finds it again.
 */
export const exporterDecisionSchema = z.strictObject({
  schema: z.literal('weir.exporter-decision.v1'),
  decision: z.enum(['adopted', 'rejected']),
  tenantId: id,
  collectorId: id,
  address: z.string(),
  /** One in n, for records that do not say it and whose exporter never does. */
  samplingRate: z.int().min(1).max(10_000_000).optional(),
  by: z.string(),
  at: z.iso.datetime(),
})
export type ExporterDecision = z.infer<typeof exporterDecisionSchema>

const prefix = 'exporter/'

export function exporterDecisionKey(collectorId: string, address: string): string {
  return `${prefix}${collectorId}/${address}`
}

export function isExporterDecisionKey(key: string): boolean {
  return key.startsWith(prefix)
}
