import { z } from 'zod'
import { secret } from '../../../kernel/src/index.ts'

export const kafkaBusConfigSchema = z.strictObject({
  /** `host:port` of some brokers of the cluster, 2.8 or newer. */
  brokers: z
    .array(z.string().regex(/^.+:\d+$/, 'wants host:port'))
    .min(1)
    .max(64),
  clientId: z.string().default('weir'),
  /** TLS to the brokers; the system's authorities unless `ca` names others. */
  tls: z
    .strictObject({
      /** PEM texts, usually `${file:/run/secrets/…}`. */
      ca: secret().optional(),
      cert: secret().optional(),
      key: secret().optional(),
      serverName: z.string().optional(),
    })
    .optional(),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string(),
      password: secret(),
    })
    .optional(),
  /** Of topics that are made; the brokers' default unless given. */
  replicationFactor: z.int().min(1).max(32).optional(),
  compression: z.enum(['none', 'gzip']).default('none'),
  /** A member that is silent for so long has lost its partitions; kills are noticed after it. */
  sessionTimeoutMs: z.int().min(6_000).max(300_000).default(15_000),
  /** An answer that takes longer is taken for lost. */
  requestTimeoutMs: z.int().min(1_000).max(300_000).default(15_000),
})

export type KafkaBusConfig = z.output<typeof kafkaBusConfigSchema>
