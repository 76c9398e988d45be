import { z } from 'zod'
import { type FirmwarePolicy, type FirmwarePosture, PostureCache } from '../../../../libs/detect/src/index.ts'
import { severitySchema } from '../../../../libs/model/src/index.ts'
import { type FirmwareRow, listFirmware, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { listOf, listParameters } from '../http/cursor.ts'
import { requestScope } from '../http/scope.ts'
import type { RestContext } from './inventory-routes.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface FirmwareRoutesContext extends RestContext {
  store: Store
  query: QueryConfig
  firmware: () => FirmwarePolicy
}

/** Devices named in one item; `devices` counts all. */
const devicesNamedMax = 100

const text = z.string().nullable()
const advisoryItem = z.object({
  id: z.string(),
  title: text,
  reason: z.enum(['affected', 'end-of-support', 'end-of-life']),
  severity: severitySchema.describe('Of the alarm it makes.'),
  fixedIn: z.array(z.string()),
  endOfSupport: text,
  endOfLife: text,
  url: text,
})
const firmwareItem = z.object({
  tenantId: z.string(),
  siteId: z.string(),
  vendor: text,
  os: text,
  model: text,
  version: text,
  role: text,
  devices: z.int(),
  deviceIds: z.array(z.string()).describe(`The first ${devicesNamedMax}.`),
  drift: z
    .enum(['none', 'wanted', 'outdated', 'ahead', 'unknown'])
    .describe('none: nothing is wanted of such a device; unknown: the order of the versions cannot be told.'),
  wanted: text.describe('Version or range, of firmware.wanted.'),
  severity: severitySchema.nullable().describe('Of the alarm firmware-outdated; null where there is none.'),
  advisories: z.array(advisoryItem).describe('Those that hold, the worst first.'),
  untold: z.array(z.string()).describe('Advisories of which it cannot be told whether they hold.'),
})

/** Versions in use, held against what is wanted and what is advised. */
export function addFirmwareRoutes(app: App, { state, store, query, firmware, nowMs }: FirmwareRoutesContext): void {
  const postures = new PostureCache()

  app.get(
    '/api/v1/firmware',
    {
      schema: {
        summary: 'Versions in use, held against what is wanted and advised',
        tags: ['inventory'],
        querystring: z.strictObject({
          tenant: listParameters.tenant,
          site: z.string().max(128).optional(),
          outdated: z.enum(['true', 'false']).optional().describe('true: only what makes an alarm; false: the rest.'),
        }),
        response: { 200: listOf(firmwareItem) },
      },
    },
    async request => {
      const scope = requestScope(request, request.query)
      const siteIds = scope.siteId === undefined ? {} : { siteIds: [scope.siteId] }
      const { timeoutMs } = query
      const rows = await listFirmware(store, { tenants: tenantScopeOf(scope), ...siteIds, timeoutMs })
      const roles = new Map(state.inventory.devices.map(one => [`${one.tenant}/${one.id}`, one.role]))
      const { outdated } = request.query
      const data = rows
        .flatMap(row => [...byRole(row, roles)].map(([role, deviceIds]) => show(row, role, deviceIds)))
        .filter(item => outdated === undefined || (item.severity !== null) === (outdated === 'true'))
      return { data, nextCursor: null }
    },
  )

  function show(row: FirmwareRow, role: string | undefined, deviceIds: string[]): z.input<typeof firmwareItem> {
    const { tenantId, siteId, vendor, os, model, version } = row
    // As the detector does: a device that is not in the inventory has no role of its own.
    const facts = { tenantId, role: role ?? 'other', vendor, os, hardware: model, version }
    const posture = postures.find(facts, firmware(), nowMs())
    return {
      tenantId,
      siteId,
      vendor: vendor || null,
      os: os || null,
      model: model || null,
      version: version || null,
      role: role ?? null,
      devices: deviceIds.length,
      deviceIds: deviceIds.slice(0, devicesNamedMax),
      drift: posture.drift,
      wanted: posture.wanted ?? null,
      severity: version === '' ? null : (posture.severity ?? null),
      advisories: posture.findings.map(showFinding),
      untold: [...posture.untold],
    }
  }
}

/** Devices of one version by their role in the inventory, since wanted versions may differ by it. */
function byRole(row: FirmwareRow, roles: ReadonlyMap<string, string>): Map<string | undefined, string[]> {
  const groups = new Map<string | undefined, string[]>()
  for (const deviceId of row.deviceIds) {
    const role = roles.get(`${row.tenantId}/${deviceId}`)
    const group = groups.get(role)
    if (group) group.push(deviceId)
    else groups.set(role, [deviceId])
  }
  return groups
}

function showFinding({
  advisory,
  reason,
  severity,
}: FirmwarePosture['findings'][number]): z.input<typeof advisoryItem> {
  const { id, title, fixedIn, endOfSupport, endOfLife, url } = advisory
  return {
    ...{ id, reason, severity, title: title ?? null, fixedIn: fixedIn ?? [] },
    ...{ endOfSupport: endOfSupport ?? null, endOfLife: endOfLife ?? null, url: url ?? null },
  }
}
