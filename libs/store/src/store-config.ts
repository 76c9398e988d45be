import { z } from 'zod'
import { secret } from '../../kernel/src/index.ts'
import { retentionSchema } from './retention.ts'

const userSchema = z.strictObject({
  username: z.string().min(1),
  /** Given as `${NAME}` or `${file:/run/secrets/…}`, never in clear. */
  password: secret().default(''),
})
export type StoreUser = z.infer<typeof userSchema>

/** ClickHouse in this process. */
export const embeddedStoreConfigSchema = z.strictObject({
  kind: z.literal('embedded'),
  retention: retentionSchema.prefault({}),
  /** Memory of ClickHouse as a whole; one statement may take half. */
  memoryBytesMax: z
    .int()
    .min(256 * 2 ** 20)
    .default(2 * 2 ** 30),
  queriesAtOnce: z.int().min(1).max(16).default(2),
})

/** A ClickHouse server or cluster over HTTP or HTTPS. */
export const httpStoreConfigSchema = z.strictObject({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/)
    .default('weir'),
  /** `replicated` needs Keeper, and is right on one node too: plain MergeTree can lose rows to a kill between token and part. */
  engine: z.enum(['single', 'replicated']).default('replicated'),
  /** DDL runs ON CLUSTER; with several shards the tables get Distributed ones above them. */
  cluster: z.strictObject({ name: z.string().min(1), sharded: z.boolean().default(false) }).optional(),
  users: z.strictObject({
    /** Makes the database and its tables. Without it the schema is only checked. */
    owner: userSchema.optional(),
    /** Inserts. */
    writer: userSchema,
    /** Reads. */
    reader: userSchema,
  }),
  tls: z
    .strictObject({
      /** PEM files: the authority to trust, and the client's own certificate where the server asks for one. */
      authorityFile: z.string(),
      certificateFile: z.string().optional(),
      keyFile: z.string().optional(),
    })
    .optional(),
  /**
   * Replicas that must hold an insert before it is acknowledged, and reads that wait for all such inserts. Needed where
   * one address leads to several replicas; `auto` is a majority.
   */
  quorum: z.union([z.int().min(2), z.literal('auto')]).optional(),
  retention: retentionSchema.prefault({}),
  insertsAtOnce: z.int().min(1).max(64).default(4),
  queriesAtOnce: z.int().min(1).max(64).default(8),
  /** How long to wait for the server at start. */
  startTimeoutMs: z.int().min(0).default(60_000),
})
export type HttpStoreConfig = z.infer<typeof httpStoreConfigSchema>

export const storeConfigSchema = z.discriminatedUnion('kind', [embeddedStoreConfigSchema, httpStoreConfigSchema])
export type StoreConfig = z.infer<typeof storeConfigSchema>
