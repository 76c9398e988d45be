import { z } from 'zod'
import { idPattern, parsePrefix } from '../../../libs/model/src/index.ts'

const id = z.string().regex(idPattern, 'letters, digits and . _ : - only, 1 to 128 of them')

export const flowListenerSchema = z.strictObject({
  /** Loopback unless told otherwise; `::` receives IPv4 as well. */
  host: z.string().default('127.0.0.1'),
  /** 0 takes a free port. Every protocol is taken on every port: the processor tells them apart by their version. */
  port: z.int().min(0).max(65_535),
  /** Whose exporters send here, unless the address table knows better. */
  tenantId: id.default('default'),
  /** `known`: exporters that are configured, in the inventory, adopted, or on this machine. `any`: whoever sends. */
  accept: z.enum(['known', 'any']).default('known'),
})

/** Exporters that are stored; the longest prefix that holds a source address counts. */
export const knownExporterSchema = z.strictObject({
  /** An address or a prefix, `192.0.2.7` or `192.0.2.0/24`. */
  address: z.string().refine(text => parsePrefix(text) !== undefined, 'is no address and no prefix'),
  /** Instead of the listener's. */
  tenantId: id.optional(),
  /** One in n, for records sampled at a rate that the exporter never tells. */
  samplingRate: z.int().min(1).max(10_000_000).optional(),
})

export const flowCollectorConfigSchema = z.strictObject({
  /** Part of every exporter's identity: two collectors of one bus have different ones. */
  collectorId: id.default('collector'),
  listeners: z
    .array(flowListenerSchema)
    .min(1)
    .max(64)
    .default([2055, 4739, 6343].map(port => flowListenerSchema.parse({ port }))),
  /** Of exporters on this machine (127.0.0.0/8, ::1): replays and tests need no configuration. */
  trustLoopback: z.boolean().default(true),
  exporters: z.array(knownExporterSchema).max(20_000).default([]),
  /** What becomes of exporters that nobody knows until somebody adopts them. */
  unknown: z
    .strictObject({
      /** Their datagrams are held this long … */
      holdMs: z.int().min(0).max(3_600_000).default(600_000),
      /** … and within these bounds: of one exporter, of all; beyond them the oldest go. */
      holdBytesPerExporterMax: z
        .int()
        .min(65_536)
        .max(1_000_000_000)
        .default(8 * 1024 * 1024),
      holdBytesMax: z
        .int()
        .min(65_536)
        .max(4_000_000_000)
        .default(64 * 1024 * 1024),
      /** So many are named; the one heard longest ago makes room. */
      exportersMax: z.int().min(1).max(10_000).default(256),
    })
    .prefault({}),
  /**
   * JSON file `{ "<source address>": { "tenantId", "exporterAddress", "collectorId"? } }`: who really sends from an
   * address, for replays and for exporters behind a relay. Read again when an unknown source appears.
   */
  addressTable: z.string().optional(),
  /** A batch of one exporter goes to the bus at this size … */
  batchBytesMax: z.int().min(1_000).max(1_000_000).default(100_000),
  /** … or at this age. Stretched in proportion when more than a thousand exporters send at once, to 2 s at most. */
  batchAgeMs: z.int().min(1).max(10_000).default(200),
  /** Datagrams held while the bus is slow or away, in bytes; more are dropped and counted. */
  bufferBytesMax: z
    .int()
    .min(1_000_000)
    .max(16_000_000_000)
    .default(128 * 1024 * 1024),
  /** One exporter's datagrams beyond this are dropped and counted, so that a flood leaves room for the others. */
  exporterDatagramsPerSecondMax: z.int().min(1).max(10_000_000).default(50_000),
  /** Exporters followed at once; datagrams of further ones are dropped and counted. */
  exportersMax: z.int().min(1).max(1_000_000).default(20_000),
  /** Asked from the kernel for each socket; `net.core.rmem_max` bounds what it grants. */
  receiveBufferBytes: z
    .int()
    .min(4_096)
    .max(1_000_000_000)
    .default(32 * 1024 * 1024),
})

export type FlowCollectorConfig = z.output<typeof flowCollectorConfigSchema>
export type KnownExporter = z.output<typeof knownExporterSchema>
export type FlowListener = z.output<typeof flowListenerSchema>
