import { z } from 'zod'
import { flowDeduplications, flowDimensions } from '../../../../libs/store/src/index.ts'
import { labelSchema } from './number-labels.ts'

const instant = z.iso.datetime({ offset: true })

/** `from` is part of the range, `to` is not. */
export const rangeSchema = z.strictObject({ from: instant, to: instant })
export type Range = z.output<typeof rangeSchema>

export const resolutions = {
  '1m': 60,
  '5m': 300,
  '10m': 600,
  '15m': 900,
  '30m': 1_800,
  '1h': 3_600,
  '2h': 7_200,
  '6h': 21_600,
  '12h': 43_200,
  '1d': 86_400,
  '7d': 604_800,
} as const
export const resolutionSchema = z
  .enum(['auto', ...(Object.keys(resolutions) as (keyof typeof resolutions)[])])
  .default('auto')
  .describe('Width of a point; auto chooses one that gives some 400 points.')
export type Resolution = z.output<typeof resolutionSchema>

export const dimensionSchema = z.enum(flowDimensions)

/** Names that people use for one dimension or several. */
export const groupings = {
  source: ['source-address'],
  destination: ['destination-address'],
  conversation: ['source-address', 'destination-address'],
  service: ['protocol', 'service-port'],
  as: ['source-as', 'destination-as'],
} as const satisfies Record<string, readonly z.output<typeof dimensionSchema>[]>

export const bySchema = z
  .union([
    z.enum(Object.keys(groupings) as [keyof typeof groupings]),
    dimensionSchema,
    z.array(dimensionSchema).min(1).max(4),
  ])
  .describe('One dimension, up to four, or a name for some: source, destination, conversation, service, as.')

/** Values to keep, by dimension: every dimension given has to match one of its values. */
export const filtersSchema = z.partialRecord(
  dimensionSchema,
  z
    .array(z.union([z.string().max(256), z.int().nonnegative()]))
    .min(1)
    .max(1_000),
)

export const measureSchema = z.enum(['octets', 'packets', 'records']).default('octets')

export const deduplicateSchema = z
  .enum(flowDeduplications)
  .default('none')
  .describe('What is left out where several records tell of the same packets: docs/reference/flow-accounting.md.')

const tenant = z.string().max(128).optional()
const decimal = z.string().describe('A 64-bit integer.')
const keyValue = z.union([z.string(), z.number()])

const labelsSchema = z
  .partialRecord(dimensionSchema, labelSchema)
  .describe('Names of interfaces and VRFs, where the exporter is a dimension too or the only one filtered by.')

const gapSchema = z.object({ from: z.iso.datetime(), to: z.iso.datetime() })

/** What every answer of history says about itself. */
export const aboutSchema = z.object({
  range: z
    .object({ from: z.iso.datetime(), to: z.iso.datetime() })
    .describe('The range as it was answered, in whole points.'),
  table: z.string().describe('Where the answer comes from; more than one table is joined by "+".'),
  asOf: z.iso.datetime().describe('What came later is not in the answer.'),
  coverage: z.number().nullable().describe('Share of the range that was observed, 0 to 1; null where nobody can know.'),
  gaps: z.array(gapSchema).describe('Stretches in which nothing was observed: unknown, not zero.'),
  rowsRead: z.int(),
})

export const timeseriesRequest = z.discriminatedUnion('source', [
  z.strictObject({
    source: z.literal('interfaces'),
    tenant,
    interfaceIds: z.array(z.string().max(400)).min(1).max(100),
    range: rangeSchema,
    resolution: resolutionSchema,
  }),
  z.strictObject({
    source: z.literal('flows'),
    tenant,
    by: dimensionSchema.optional().describe('Splits the traffic into its largest groups and the rest.'),
    filters: filtersSchema.default({}),
    deduplicate: deduplicateSchema,
    limit: z.int().min(1).max(50).default(10).describe('Groups beside the rest.'),
    range: rangeSchema,
    resolution: resolutionSchema,
  }),
])

const interfacePoint = z.object({
  at: z.iso.datetime(),
  inBitsPerSecond: z.number().nullable(),
  outBitsPerSecond: z.number().nullable(),
  inBitsPerSecondMax: z.number(),
  outBitsPerSecondMax: z.number(),
  inPacketsPerSecond: z.number().nullable(),
  outPacketsPerSecond: z.number().nullable(),
  utilisationIn: z.number().nullable(),
  utilisationOut: z.number().nullable(),
  inOctets: decimal,
  outOctets: decimal,
  inErrors: decimal,
  outErrors: decimal,
  inDiscards: decimal,
  outDiscards: decimal,
  fcsErrors: decimal,
  coverage: z.number(),
})

const flowPoint = z.object({
  at: z.iso.datetime(),
  bitsPerSecond: z.number(),
  packetsPerSecond: z.number(),
  octets: decimal,
  packets: decimal,
})

export const timeseriesAnswer = aboutSchema.extend({
  resolutionSeconds: z.int(),
  series: z.union([
    z.array(
      z.object({
        interfaceId: z.string(),
        coverage: z.number().nullable(),
        gaps: z.array(gapSchema),
        points: z.array(interfacePoint),
      }),
    ),
    z.array(
      z.object({
        key: keyValue.nullable().describe('Null for all traffic, and for the rest beyond the limit.'),
        label: labelSchema.nullable().describe('Of an interface or VRF of the only exporter filtered by.'),
        points: z.array(flowPoint),
      }),
    ),
  ]),
})

export const topRequest = z.strictObject({
  tenant,
  by: bySchema,
  measure: measureSchema,
  filters: filtersSchema.default({}),
  deduplicate: deduplicateSchema,
  limit: z.int().min(1).max(1_000).default(10),
  range: rangeSchema,
})

const totalsSchema = z.object({
  octets: decimal,
  packets: decimal,
  records: decimal,
  octetsExported: decimal,
  packetsExported: decimal,
  unscaledRecords: decimal,
})

const boundsSchema = z
  .object({ octets: decimal, packets: decimal, records: decimal })
  .describe('At most; absent where the sums are exact.')

export const topAnswer = aboutSchema.extend({
  estimated: z.boolean().describe('Some of the traffic was sampled and is scaled.'),
  data: z.array(
    totalsSchema.extend({
      key: z.partialRecord(dimensionSchema, keyValue),
      labels: labelsSchema,
      share: z.number().describe('Part of the total by the measure, 0 to 1.'),
      upperBound: boundsSchema.optional(),
    }),
  ),
  total: totalsSchema
    .extend({ upperBound: boundsSchema.optional() })
    .describe('Of everything that passes the filters, listed or not.'),
  unlisted: totalsSchema
    .optional()
    .describe('Part of the total that is not told apart by host: of a crowd or a flood the largest are.'),
})

export const matrixRequest = z.strictObject({
  tenant,
  rows: dimensionSchema,
  columns: dimensionSchema,
  measure: measureSchema,
  filters: filtersSchema.default({}),
  deduplicate: deduplicateSchema,
  limit: z.int().min(1).max(5_000).default(400).describe('The largest cells.'),
  range: rangeSchema,
})

export const matrixAnswer = aboutSchema.extend({
  rows: z.array(keyValue).describe('Largest first.'),
  columns: z.array(keyValue).describe('Largest first.'),
  cells: z.array(
    totalsSchema.extend({
      row: keyValue,
      column: keyValue,
      labels: labelsSchema,
      share: z.number(),
      upperBound: boundsSchema.optional(),
    }),
  ),
  total: totalsSchema.extend({ upperBound: boundsSchema.optional() }),
  unlisted: totalsSchema.optional(),
})

export const percentileRequest = z
  .strictObject({
    tenant,
    interfaceId: z.string().max(400),
    percentile: z.literal(95).default(95),
    range: rangeSchema.optional(),
    month: z
      .string()
      .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month such as 2026-10')
      .optional(),
    timeZone: z.string().max(64).default('UTC').describe('Whose midnight begins the month: an IANA name.'),
  })
  .refine(body => (body.range === undefined) !== (body.month === undefined), {
    message: 'give either range or month',
    path: ['range'],
  })

export const percentileAnswer = aboutSchema.extend({
  percentile: z.number(),
  method: z.string(),
  inBitsPerSecond: z.number().nullable(),
  outBitsPerSecond: z.number().nullable(),
  bitsPerSecond: z.number().nullable().describe('The larger of both: what is billed.'),
  samples: z.int(),
  samplesExpected: z.int(),
  missingSamples: z.literal('skipped').describe('What is done with samples that are missing.'),
})
