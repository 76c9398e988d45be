import { z } from 'zod'

/**
 * Targets as Prometheus has them, in files and in answers alike
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config).
 */
export const targetGroupsSchema = z.array(
  z.object({
    targets: z.array(z.string()),
    labels: z.record(z.string(), z.coerce.string()).default({}),
  }),
)
export type TargetGroup = z.output<typeof targetGroupsSchema>[number]
