import { z } from 'zod'

/** What `weir discover` may ask, and how fast. */
export const discoveryConfigSchema = z.strictObject({
  /** CIDR: no address outside these is asked. Without any, only what the command names is, and at most a /20 of it. */
  allow: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .max(1_000)
    .default([]),
  /** Datagrams sent a second, repetitions and the polls of what was found included. */
  packetsPerSecond: z.int().min(1).max(10_000).default(50),
  /** Addresses asked at once. */
  concurrency: z.int().min(1).max(1_024).default(32),
})
export type DiscoveryConfig = z.output<typeof discoveryConfigSchema>
