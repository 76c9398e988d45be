import { z } from 'zod'
import { readReconciliation, reconciliationFindings, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { requestScope } from '../http/scope.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface ReconciliationContext {
  store: Store
  config: QueryConfig
  nowMs: () => number
}

/** Flows of the newest minutes are still in their exporters' caches; the usual active timeout is one minute. */
const settlesMs = 180_000

const decimal = z.string().describe('A 64-bit integer.')
const side = z.object({
  counterOctets: decimal,
  flowOctets: decimal.describe('Scaled by the sampling rate, with 18 octets a packet for Ethernet.'),
  egressFlowOctets: decimal.describe('Of them, what the exporter saw as it left.'),
  ratio: z.number().nullable().describe('Flows over counters; null where the counters stood still.'),
})

/** What share of the counters the flows explain, by interface and hour. */
export function addReconciliationRoute(app: App, { store, config, nowMs }: ReconciliationContext): void {
  app.get(
    '/api/v1/reconciliation',
    {
      schema: {
        summary: 'Flows against counters: what share of each interface they explain',
        tags: ['history'],
        querystring: z.strictObject({
          tenant: z.string().max(128).optional(),
          hours: z.coerce.number().int().min(1).max(336).default(1),
        }),
        response: {
          200: z.object({
            range: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }),
            data: z.array(
              z.object({
                tenantId: z.string(),
                deviceId: z.string(),
                interfaceId: z.string(),
                ifIndex: z.int(),
                exporterId: z.string().describe('Empty where nothing exports from the address of the device.'),
                hour: z.iso.datetime(),
                minutes: z.int().describe('Minutes of the hour that were polled throughout; only these are compared.'),
                in: side,
                out: side,
                samplingRate: z.number().nullable(),
                finding: z.enum(reconciliationFindings),
              }),
            ),
          }),
        },
      },
    },
    async request => {
      const { tenant, hours } = request.query
      const toMs = nowMs() - settlesMs
      const range = { fromMs: toMs - hours * 3_600_000, toMs }
      const tenants = tenantScopeOf(requestScope(request, { tenant }))
      const data = await readReconciliation(store, { ...range, tenants }, { timeoutMs: config.timeoutMs })
      const iso = (ms: number) => new Date(ms).toISOString()
      return { range: { from: iso(range.fromMs), to: iso(range.toMs) }, data }
    },
  )
}
