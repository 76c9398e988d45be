import { z } from 'zod'
import { idPattern } from '../../../libs/model/src/index.ts'

const id = z.string().regex(idPattern, 'letters, digits and . _ : - only, 1 to 128 of them')

export const flowListenerSchema = z.strictObject({
  /** Loopback unless told otherwise; `::` receives IPv4 as well. */
  host: z.string().default('127.0.0.1'),
  /** 0 takes a free port. Every protocol is taken on every port: the processor tells them apart by their version. */
  port: z.int().min(0).max(65_535),
  /** Whose exporters send here, unless the address table knows better. */
  tenantId: id.default('default'),
})

export const flowCollectorConfigSchema = z.strictObject({
  /** Part of every exporter's identity: two collectors of one bus have different ones. */
  collectorId: id.default('collector'),
  listeners: z
    .array(flowListenerSchema)
    .min(1)
    .max(64)
    .default([2055, 4739, 6343].map(port => flowListenerSchema.parse({ port }))),
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
export type FlowListener = z.output<typeof flowListenerSchema>
