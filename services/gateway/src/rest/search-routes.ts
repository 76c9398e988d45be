import { isIP } from 'node:net'
import { z } from 'zod'
import { findStations, type StationRow, type Store } from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { listOf, listParameters } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface SearchRoutesContext {
  store: Store
  query: QueryConfig
}

const time = z.iso.datetime()
const place = { deviceId: z.string(), siteId: z.string(), interfaceId: z.string(), seenAt: time }
const stationItem = z.object({
  tenantId: z.string(),
  mac: z.string(),
  ports: z
    .array(
      z.object({
        ...place,
        vlan: z.int().nullable(),
        stationsAtPort: z.int().describe('Stations last seen at this port: few at a desk, many at an uplink.'),
      }),
    )
    .describe('Ports of bridges that have it, the one with the fewest others first: there it is plugged in.'),
  addresses: z.array(z.object({ ...place, address: z.string() })).describe('Routers that have an address of it.'),
})
type Station = z.output<typeof stationItem>

/** Which port a MAC or an IP address is at: the last that bridges and routers said of it. */
export function addSearchRoutes(app: App, { store, query }: SearchRoutesContext): void {
  app.get(
    '/api/v1/search',
    {
      schema: {
        summary: 'Where a MAC or an IP address was last seen',
        tags: ['inventory'],
        querystring: z.strictObject({
          mac: z.string().max(32).optional().describe('In any of the usual spellings.'),
          ip: z.string().max(64).optional(),
          tenant: listParameters.tenant,
          site: z.string().max(128).optional(),
        }),
        response: { 200: listOf(stationItem) },
      },
    },
    async request => {
      const { mac, ip } = request.query
      if ((mac === undefined) === (ip === undefined)) {
        throw new ProblemError('parameters-invalid', 'give either "mac" or "ip"')
      }
      const scope = requestScope(request, request.query)
      const within = {
        tenants: tenantScopeOf(scope),
        ...(scope.siteId === undefined ? {} : { siteIds: [scope.siteId] }),
        timeoutMs: query.timeoutMs,
      }
      if (mac !== undefined) {
        return { data: stationsOf(await findStations(store, { ...within, macs: [macOf(mac)] })), nextCursor: null }
      }
      const named = await findStations(store, { ...within, addresses: [addressOf(ip!)] })
      const macs = [...new Set(named.map(row => row.mac))]
      // The same address may be in use twice: at two clients, or by mistake.
      const rows = macs.length === 0 ? [] : await findStations(store, { ...within, macs })
      const tenants = new Set(named.map(row => `${row.tenantId} ${row.mac}`))
      return { data: stationsOf(rows.filter(row => tenants.has(`${row.tenantId} ${row.mac}`))), nextCursor: null }
    },
  )
}

function stationsOf(rows: readonly StationRow[]): Station[] {
  const stations = new Map<string, Station>()
  for (const { tenantId, mac, deviceId, siteId, interfaceId, vlan, address, seenAt, stationsAtPort } of rows) {
    const key = `${tenantId} ${mac}`
    const station = stations.get(key) ?? { tenantId, mac, ports: [], addresses: [] }
    stations.set(key, station)
    const at = { deviceId, siteId, interfaceId, seenAt }
    if (address === '') station.ports.push({ ...at, vlan: vlan || null, stationsAtPort })
    else station.addresses.push({ ...at, address })
  }
  return [...stations.values()]
}

/** `00:1e:f6:01:02:03`, `00-1E-F6-01-02-03`, `001e.f601.0203`, `001ef6010203`. */
function macOf(text: string): string {
  const digits = text.toLowerCase().replace(/[:.-]/g, '')
  if (!/^[0-9a-f]{12}$/.test(digits)) throw new ProblemError('parameters-invalid', `"${text}" is no MAC address`)
  return digits.match(/../g)!.join(':')
}

/** As the store has it: RFC 5952. */
function addressOf(text: string): string {
  const family = isIP(text)
  if (family === 0 || text.includes('%')) throw new ProblemError('parameters-invalid', `"${text}" is no IP address`)
  return family === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1)
}
