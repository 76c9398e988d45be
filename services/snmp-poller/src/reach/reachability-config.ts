import { z } from 'zod'

export const reachabilityConfigSchema = z.strictObject({
  enabled: z.boolean().default(true),
  /** One echo request to each host in this time; it is sent by fping, or else ping, where one of them may. */
  intervalMs: z.int().min(1_000).max(600_000).default(10_000),
  /** Wait for an answer. */
  timeoutMs: z.int().min(100).max(10_000).default(1_000),
  /** Whether hosts are tried by TCP and UDP where echo requests cannot be sent or were never answered. */
  knock: z.boolean().default(true),
  /** Tried by it, beside a closed UDP port. */
  tcpPorts: z.array(z.int().min(1).max(65_535)).max(8).default([22, 443]),
})

export type ReachabilityConfig = z.output<typeof reachabilityConfigSchema>
