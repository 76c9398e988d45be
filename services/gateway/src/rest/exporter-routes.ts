import { z } from 'zod'
import { type ExporterLive, parseExporterId, templateRecordSchema } from '../../../../libs/model/src/index.ts'
import { exporterNameKinds, listExporterNames, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import type { ExporterState } from '../live/exporter-state.ts'
import { comparePlaces, type TemplatePlace } from '../live/template-book.ts'
import { inScope, type Scope } from '../principal.ts'
import { exporterAdvice } from './exporter-advice.ts'
import type { RestContext } from './inventory-routes.ts'
import { tenantScopeOf } from './tenant-scope.ts'

const time = z.iso.datetime()
const count = z.string().describe('A 64-bit count.')

const exporterHealth = z.object({
  asOf: time,
  firstSeenAt: time,
  stale: z.boolean().describe('Silent for longer than is usual for it.'),
  protocols: z.array(z.string()).describe('netflow1, netflow5, netflow7, netflow9, ipfix, sflow5.'),
  datagrams: count,
  records: count,
  optionsRecords: count,
  errors: z.record(z.string(), count).describe('Decode errors by code.'),
  lossRatio: z
    .number()
    .nullable()
    .describe('Lost among all sequence units of the loss window, 0 to 1; null where none came.'),
  lossWindowMs: z.number(),
  sequence: z
    .object({ received: count, lost: count, reordered: count, duplicates: count, restarts: count })
    .describe('Units as the protocol counts: flows (v5), datagrams (v9, sFlow), data records (IPFIX).'),
  samplesLost: count.describe('sFlow samples that never came.'),
  templates: z.object({
    known: z.int(),
    redefined: count,
    evicted: count,
    heldSets: z.int().describe('Data sets that wait for their template.'),
    heldSince: time.nullable(),
    heldDropped: count.describe('Data sets whose template never came.'),
    refreshMs: z.number().nullable().describe('Time between the last two announcements of a template.'),
  }),
  samplingRates: z
    .array(z.int())
    .describe('One in n, as seen on records lately; 1 unsampled, 0 sampled at an unknown rate.'),
  unscaledRecords: count.describe('Records sampled at an unknown rate.'),
  clockSkewMs: z.number().nullable().describe("The exporter's clock less arrival; null for protocols without a clock."),
  clockSkewedDatagrams: count.describe('Datagrams whose times were replaced by their arrival.'),
  activeTimeoutMs: z.number().nullable().describe('Duration at which records of long flows are cut, as learned.'),
  drops: z
    .object({ kernel: count, rateLimit: count, buffer: count })
    .describe('Datagrams that never reached the decoder; those of the kernel are of the whole port.'),
})

const exporterItem = z.object({
  exporterId: z.string(),
  tenantId: z.string(),
  address: z.string(),
  collectorId: z.string(),
  bitsPerSecond: z.number(),
  packetsPerSecond: z.number(),
  recordsPerSecond: z.number(),
  lastSeenAt: time,
  health: exporterHealth.nullable().describe('Null until the processor has said it.'),
  advice: z
    .array(z.object({ code: z.string(), text: z.string() }))
    .describe('What to change on it, worst first, in words for whoever can.'),
})

const templateItem = templateRecordSchema.omit({ schema: true })

const nameItem = z.object({
  kind: z.enum(exporterNameKinds),
  number: z.int().describe('ifIndex, VRF id or sampler id.'),
  name: z.string().describe('Empty where the exporter tells a description only.'),
  description: z.string(),
  learnedAt: time.describe("When the exporter's names last changed."),
})

export interface ExporterRoutesContext extends RestContext {
  store: Store
  query: QueryConfig
}

/** Exporters of flows: their rates, how well their export works, and what they call the numbers in it. */
export function addExporterRoutes(app: App, { state, nowMs, store, query }: ExporterRoutesContext): void {
  app.get(
    '/api/v1/exporters',
    {
      schema: {
        summary: 'Exporters of flows with their rates and health',
        tags: ['inventory'],
        querystring: z.strictObject(listParameters),
        response: { 200: listOf(exporterItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 1)?.[0]
      const scope = requestScope(request, { tenant: request.query.tenant })
      const rest = [...state.exporters.values()]
        .filter(one => inScope(scope, one.tenantId, null) && (after === undefined || one.exporterId > after))
        .sort((a, b) => (a.exporterId < b.exporterId ? -1 : 1))
      return pageOf(
        rest,
        request.query.limit,
        one => [one.exporterId],
        one => showExporter(one, osOf(state, one), nowMs()),
      )
    },
  )

  app.get(
    '/api/v1/exporters/:exporterId',
    {
      schema: {
        summary: 'One exporter',
        tags: ['inventory'],
        params: exporterParameters,
        querystring: z.strictObject({}),
        response: { 200: exporterItem },
      },
    },
    async request => {
      const exporter = findExporter(state, requestScope(request, {}), request.params.exporterId)
      return showExporter(exporter, osOf(state, exporter), nowMs())
    },
  )

  app.get(
    '/api/v1/exporters/:exporterId/templates',
    {
      schema: {
        summary: 'Templates of one exporter as learned',
        tags: ['inventory'],
        params: exporterParameters,
        querystring: z.strictObject({ limit: listParameters.limit, cursor: listParameters.cursor }),
        response: { 200: listOf(templateItem) },
      },
    },
    async request => {
      const after = placeOf(decodeCursor(request.query.cursor, 4))
      const { exporterId } = findExporter(state, requestScope(request, {}), request.params.exporterId)
      const templates = state.templates.of(exporterId)
      return pageOf(
        after ? templates.filter(one => comparePlaces(one, after) > 0) : templates,
        request.query.limit,
        one => [String(one.sourcePort), one.protocol, String(one.observationDomainId), String(one.templateId)],
        ({ schema: _, ...one }) => one,
      )
    },
  )

  app.get(
    '/api/v1/exporters/:exporterId/names',
    {
      schema: {
        summary: 'What one exporter calls its interfaces, VRFs and samplers, as its options data says',
        tags: ['inventory'],
        params: exporterParameters,
        querystring: z.strictObject({
          kind: z.enum(exporterNameKinds).optional(),
          limit: listParameters.limit,
          cursor: listParameters.cursor,
        }),
        response: { 200: listOf(nameItem) },
      },
    },
    async request => {
      const { kind, limit, cursor } = request.query
      decodeCursor(cursor, 2)
      const { exporterId } = request.params
      const scope = requestScope(request, {})
      const page = await listExporterNames(store, {
        tenants: tenantScopeOf(scope),
        exporterId,
        ...(kind === undefined ? {} : { kinds: [kind] }),
        limit,
        cursor,
        timeoutMs: query.timeoutMs,
      })
      // One that fell silent before this gateway started is known to the store alone.
      if (page.items.length === 0) findExporter(state, scope, exporterId)
      return { data: page.items, nextCursor: page.nextCursor }
    },
  )
}

const exporterParameters = z.strictObject({
  exporterId: z.string().max(512).describe('tenantId/collectorId/address, percent-encoded.'),
})

/** @throws ProblemError not-found, also for an exporter of somebody else */
function findExporter(state: RestContext['state'], scope: Scope, exporterId: string): ExporterState {
  const exporter = state.exporters.get(exporterId)
  if (!exporter || !inScope(scope, exporter.tenantId, null)) {
    throw new ProblemError('not-found', 'there is no such exporter')
  }
  return exporter
}

function placeOf(key: readonly string[] | undefined): TemplatePlace | undefined {
  if (!key) return undefined
  const [sourcePort, protocol, domain, id] = key
  return {
    sourcePort: Number(sourcePort),
    protocol: protocol === 'ipfix' ? 'ipfix' : 'netflow9',
    observationDomainId: Number(domain),
    templateId: Number(id),
  }
}

/** Of the polled device that has the exporter's address. */
function osOf(state: RestContext['state'], { exporterId, tenantId }: ExporterState): string | undefined {
  const { address } = parseExporterId(exporterId)
  const device = state.inventory.devices.find(one => one.tenant === tenantId && one.address === address)
  return device && state.device(tenantId, device.id)?.system?.os
}

function showExporter(exporter: ExporterState, os: string | undefined, nowMs: number): z.input<typeof exporterItem> {
  const rates = exporter.rates(nowMs)
  const { collectorId, address } = parseExporterId(exporter.exporterId)
  return {
    exporterId: exporter.exporterId,
    tenantId: exporter.tenantId,
    address,
    collectorId,
    bitsPerSecond: Math.round(rates.bitsPerSecond),
    packetsPerSecond: Math.round(rates.packetsPerSecond),
    recordsPerSecond: Math.round(rates.recordsPerSecond * 100) / 100,
    lastSeenAt: isoTime(exporter.lastSeenMs),
    health: exporter.health ? showHealth(exporter.health) : null,
    advice: exporter.health ? exporterAdvice(exporter.health, os) : [],
  }
}

function showHealth(health: ExporterLive): z.input<typeof exporterHealth> {
  return {
    asOf: isoTime(health.asOfMs),
    firstSeenAt: isoTime(health.firstSeenMs),
    stale: health.stale,
    protocols: health.protocols,
    datagrams: String(health.datagrams),
    records: String(health.records),
    optionsRecords: String(health.optionsRecords),
    errors: Object.fromEntries(Object.entries(health.errors).map(([code, errors]) => [code, String(errors)])),
    lossRatio: health.lossRatio ?? null,
    lossWindowMs: health.lossWindowMs,
    sequence: {
      received: String(health.sequenceReceived),
      lost: String(health.sequenceLost),
      reordered: String(health.sequenceReordered),
      duplicates: String(health.sequenceDuplicates),
      restarts: String(health.sequenceRestarts),
    },
    samplesLost: String(health.samplesLost),
    templates: {
      known: health.templatesKnown,
      redefined: String(health.templatesRedefined),
      evicted: String(health.templatesEvicted),
      heldSets: health.heldSets,
      heldSince: health.heldSinceMs === undefined ? null : isoTime(health.heldSinceMs),
      heldDropped: String(health.heldDropped),
      refreshMs: health.templateRefreshMs ?? null,
    },
    samplingRates: health.samplingRates,
    unscaledRecords: String(health.unscaledRecords),
    clockSkewMs: health.clockSkewMs === undefined ? null : Number(health.clockSkewMs),
    clockSkewedDatagrams: String(health.clockSkewedDatagrams),
    activeTimeoutMs: health.activeTimeoutMs ?? null,
    drops: {
      kernel: String(health.kernelDrops),
      rateLimit: String(health.rateLimitDrops),
      buffer: String(health.bufferDrops),
    },
  }
}

function isoTime(atMs: number | bigint): string {
  return new Date(Number(atMs)).toISOString()
}
