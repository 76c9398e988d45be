import { z } from 'zod'
import type { Bus } from '../../../../libs/bus/src/index.ts'
import { type ExporterDecision, exporterDecisionKey, idPattern, topics } from '../../../../libs/model/src/index.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import type { UnknownExporterEntry } from '../live/unknown-exporters.ts'
import { inScope } from '../principal.ts'
import type { RestContext } from './inventory-routes.ts'

const time = z.iso.datetime()
const count = z.string().describe('A 64-bit count.')

const unknownItem = z.object({
  exporterId: z.string().describe('tenantId/collectorId/address: what it will be called when it is adopted.'),
  tenantId: z.string().describe('Of the listener it sends to.'),
  collectorId: z.string(),
  address: z.string(),
  state: z.enum(['waiting', 'rejected']),
  listeningPort: z.int(),
  sourcePort: z.int(),
  protocols: z.array(z.string()).describe('By the first bytes of its datagrams.'),
  firstSeenAt: time,
  lastSeenAt: time,
  datagrams: count,
  bytes: count,
  heldDatagrams: count.describe('Enter the log, with the times of their arrival, when it is adopted.'),
  heldSince: time.nullable(),
})

const decided = z.object({ exporterId: z.string(), decision: z.enum(['adopted', 'rejected']), tenantId: z.string() })

const parameters = z.strictObject({
  exporterId: z.string().max(512).describe('tenantId/collectorId/address, percent-encoded.'),
})

/** Sources that send flows and that nobody knows: listed, and adopted or rejected by a person. */
export function addUnknownExporterRoutes(app: App, { state, bus, nowMs }: RestContext & { bus: Bus }): void {
  app.get(
    '/api/v1/unknown-exporters',
    {
      schema: {
        summary: 'Sources that send flows and are not stored, because nobody knows them',
        tags: ['inventory'],
        querystring: z.strictObject(listParameters),
        response: { 200: listOf(unknownItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 2)
      const scope = requestScope(request, { tenant: request.query.tenant })
      const rest = state.unknownExporters
        .entries()
        .filter(one => inScope(scope, one.tenantId, null) && (!after || placeOf(one) > after.join(' ')))
      return pageOf(rest, request.query.limit, one => [one.exporterId, portText(one)], show)
    },
  )

  app.post(
    '/api/v1/unknown-exporters/:exporterId/adopt',
    {
      schema: {
        summary: 'Stores what an exporter sends from here on, and what is held of it',
        tags: ['inventory'],
        params: parameters,
        querystring: z.strictObject({}),
        body: z
          .strictObject({
            tenantId: z.string().regex(idPattern).optional().describe("Instead of the listener's."),
            samplingRate: z
              .int()
              .min(1)
              .max(10_000_000)
              .optional()
              .describe('One in n, for records whose sampling nobody tells.'),
          })
          .nullish(),
        response: { 202: decided },
      },
    },
    async (request, reply) => {
      const { exporterId } = request.params
      const { tenantId, samplingRate } = request.body ?? {}
      const found = find(exporterId, requestScope(request, {}))
      // Nobody gives flows to a tenant that is not theirs to see.
      if (tenantId !== undefined && !inScope(requestScope(request, {}), tenantId, null)) {
        throw new ProblemError('not-found', 'there is no such tenant')
      }
      return reply.code(202).send(
        await decide(found, {
          decision: 'adopted',
          tenantId: tenantId ?? found.tenantId,
          ...(samplingRate === undefined ? {} : { samplingRate }),
          by: request.principal.name,
        }),
      )
    },
  )

  app.post(
    '/api/v1/unknown-exporters/:exporterId/reject',
    {
      schema: {
        summary: 'Holds nothing of an exporter that nobody wants',
        tags: ['inventory'],
        params: parameters,
        querystring: z.strictObject({}),
        response: { 202: decided },
      },
    },
    async (request, reply) => {
      const found = find(request.params.exporterId, requestScope(request, {}))
      const { tenantId } = found
      return reply.code(202).send(await decide(found, { decision: 'rejected', tenantId, by: request.principal.name }))
    },
  )

  function find(exporterId: string, scope: ReturnType<typeof requestScope>): UnknownExporterEntry {
    const found = state.unknownExporters.entries().find(one => one.exporterId === exporterId)
    if (!found || !inScope(scope, found.tenantId, null)) {
      throw new ProblemError('not-found', 'no unknown exporter has this id')
    }
    return found
  }

  /** Written down where its collector follows it; the next list tells that it is done. */
  async function decide(
    { collectorId, address }: UnknownExporterEntry,
    decision: Pick<ExporterDecision, 'decision' | 'tenantId' | 'samplingRate' | 'by'>,
  ): Promise<z.input<typeof decided>> {
    const value: ExporterDecision = {
      schema: 'weir.exporter-decision.v1',
      ...decision,
      collectorId,
      address,
      at: new Date(nowMs()).toISOString(),
    }
    const record = {
      key: exporterDecisionKey(collectorId, address),
      value: Buffer.from(JSON.stringify(value)),
      timestampMs: nowMs(),
    }
    try {
      await bus.send(topics.config, [record])
    } catch (cause) {
      const options = { cause, retryAfterSeconds: 5 }
      throw new ProblemError('bus-unavailable', 'the decision could not be written down; nothing was done', options)
    }
    const { tenantId } = decision
    return { exporterId: `${tenantId}/${collectorId}/${address}`, decision: decision.decision, tenantId }
  }
}

/** Sorts as the list does. */
function portText({ listeningPort }: UnknownExporterEntry): string {
  return String(listeningPort).padStart(5, '0')
}

function placeOf(one: UnknownExporterEntry): string {
  return `${one.exporterId} ${portText(one)}`
}

function show(one: UnknownExporterEntry): z.input<typeof unknownItem> {
  const at = (ms: bigint): string => new Date(Number(ms)).toISOString()
  return {
    exporterId: one.exporterId,
    tenantId: one.tenantId,
    collectorId: one.collectorId,
    address: one.address,
    state: one.rejected ? 'rejected' : 'waiting',
    listeningPort: one.listeningPort,
    sourcePort: one.sourcePort,
    protocols: one.protocols,
    firstSeenAt: at(one.firstSeenMs),
    lastSeenAt: at(one.lastSeenMs),
    datagrams: String(one.datagrams),
    bytes: String(one.bytes),
    heldDatagrams: String(one.heldDatagrams),
    heldSince: one.heldDatagrams === 0n ? null : at(one.heldSinceMs),
  }
}
