import { z } from 'zod'
import { interfaceTileSchema, siteTileSchema } from '../../../../libs/model/src/index.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { requestScope } from '../http/scope.ts'
import { circuitAt } from '../live/circuits.ts'
import { type DeviceState, type InterfaceState, isDeviceStale } from '../live/device-state.ts'
import type { LiveState } from '../live/live-state.ts'
import { interfaceTile, isReachable, reachStateOf, rounded, tilesOf } from '../live/tiles.ts'
import { inScope, maySee, type Scope } from '../principal.ts'
import { circuitAtPort, showCircuit } from './circuit-routes.ts'

export interface RestContext {
  state: LiveState
  nowMs: () => number
}

const site = z.string().max(128).optional()
const time = z.iso.datetime()

const tenantItem = z.object({ tenantId: z.string(), name: z.string() })

export const deviceItem = z.object({
  deviceId: z.string(),
  tenantId: z.string(),
  siteId: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  role: z.string().nullable(),
  reachable: z.boolean(),
  reachState: z
    .enum(['up', 'snmp-failing', 'down', 'unknown'])
    .describe('snmp-failing: its host answers and SNMP does not; unknown: no poll yet, or its poller hears nobody.'),
  echoLossRatio: z.number().nullable().describe('Of echo requests to its host since the poll before, 0 to 1.'),
  echoRttMs: z.number().nullable(),
  stale: z.boolean().describe('No poll within two intervals.'),
  sysName: z.string().nullable(),
  vendor: z.string().nullable(),
  os: z.string().nullable(),
  version: z.string().nullable(),
  uptimeSeconds: z.number().nullable(),
  interfaces: z.int(),
  intervalMs: z.number(),
  pollDurationMs: z.number().nullable(),
  asOf: time.nullable().describe('Time of the last poll.'),
})

const interfaceItem = interfaceTileSchema.omit({ asOfMs: true, history: true }).extend({
  ifDescr: z.string(),
  ifType: z.int(),
  inErrorsPerSecond: z.number().nullable(),
  outErrorsPerSecond: z.number().nullable(),
  inDiscardsPerSecond: z.number().nullable(),
  outDiscardsPerSecond: z.number().nullable(),
  gapReason: z.string().nullable().describe('Why there are no rates.'),
  asOf: time,
  circuit: circuitAtPort.nullable(),
  coverage: z.number().describe('Share of the interval before `asOf` that was observed, 0 to 1.'),
})

/** Tenants, sites, devices and interfaces as they are now. */
export function addInventoryRoutes(app: App, { state, nowMs }: RestContext): void {
  app.get(
    '/api/v1/tenants',
    {
      schema: {
        summary: 'Tenants',
        tags: ['inventory'],
        querystring: z.strictObject({ limit: listParameters.limit, cursor: listParameters.cursor }),
        response: { 200: listOf(tenantItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 1)?.[0]
      const tenants = state.inventory.tenants
        .filter(tenant => maySee(request.principal, tenant.id) && (after === undefined || tenant.id > after))
        .sort((a, b) => compare(a.id, b.id))
      return pageOf(
        tenants,
        request.query.limit,
        one => [one.id],
        one => ({ tenantId: one.id, name: one.name ?? one.id }),
      )
    },
  )

  app.get(
    '/api/v1/sites',
    {
      schema: {
        summary: 'Sites with their devices, traffic and open alarms',
        tags: ['inventory'],
        querystring: z.strictObject({ ...listParameters, site }),
        response: { 200: listOf(siteTileSchema) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 2)
      const { sites } = tilesOf(state, requestScope(request, request.query), 1, nowMs())
      sites.sort((a, b) => compare(a.tenantId, b.tenantId) || compare(a.siteId, b.siteId))
      const rest = after ? sites.filter(one => comparePair([one.tenantId, one.siteId], after) > 0) : sites
      return pageOf(
        rest,
        request.query.limit,
        one => [one.tenantId, one.siteId],
        one => one,
      )
    },
  )

  app.get(
    '/api/v1/devices',
    {
      schema: {
        summary: 'Polled devices',
        tags: ['inventory'],
        querystring: z.strictObject({ ...listParameters, site }),
        response: { 200: listOf(deviceItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 2)
      const devices = sortedDevices(state, requestScope(request, request.query))
      const rest = after ? devices.filter(one => comparePair([one.tenantId, one.deviceId], after) > 0) : devices
      return pageOf(
        rest,
        request.query.limit,
        one => [one.tenantId, one.deviceId],
        one => showDevice(state, one, nowMs()),
      )
    },
  )

  app.get(
    '/api/v1/interfaces',
    {
      schema: {
        summary: 'Interfaces with their rates',
        tags: ['inventory'],
        querystring: z.strictObject({ ...listParameters, site, device: z.string().max(128).optional() }),
        response: { 200: listOf(interfaceItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 3)
      const scope = requestScope(request, request.query)
      return pageOf(
        interfacesAfter(state, scope, request.query.device, after),
        request.query.limit,
        ([device, one]) => [device.tenantId, device.deviceId, one.interfaceId],
        ([device, one]) => showInterface(state, device, one, nowMs()),
      )
    },
  )
}

/** In the order of tenant, device and interface id; devices before the cursor are not even looked into. */
function* interfacesAfter(
  state: LiveState,
  scope: Scope,
  deviceId: string | undefined,
  after: readonly string[] | undefined,
): Iterable<[DeviceState, InterfaceState]> {
  for (const device of sortedDevices(state, scope)) {
    if (deviceId !== undefined && device.deviceId !== deviceId) continue
    const order = after ? comparePair([device.tenantId, device.deviceId], after) : 1
    if (order < 0) continue
    const interfaces = [...device.interfaces.values()].sort((a, b) => compare(a.interfaceId, b.interfaceId))
    for (const one of interfaces) {
      if (order === 0 && one.interfaceId <= after![2]!) continue
      yield [device, one]
    }
  }
}

function sortedDevices(state: LiveState, scope: Scope): DeviceState[] {
  return [...state.devices.values()]
    .filter(device => inScope(scope, device.tenantId, device.siteId))
    .sort((a, b) => compare(a.tenantId, b.tenantId) || compare(a.deviceId, b.deviceId))
}

export function showDevice(state: LiveState, device: DeviceState, nowMs: number): z.input<typeof deviceItem> {
  const known = state.inventory.devices.find(one => one.id === device.deviceId && one.tenant === device.tenantId)
  const { system } = device
  return {
    deviceId: device.deviceId,
    tenantId: device.tenantId,
    siteId: device.siteId,
    name: known?.name ?? (system?.sysName || device.deviceId),
    address: known?.address ?? null,
    role: known?.role ?? null,
    reachable: isReachable(device, nowMs),
    reachState: reachStateOf(device, nowMs),
    echoLossRatio: rounded(device.echoLoss, 10_000),
    echoRttMs: rounded(device.echoRttMs, 1_000),
    stale: isDeviceStale(device, nowMs),
    sysName: system?.sysName || null,
    vendor: system?.vendor || null,
    os: system?.os || null,
    version: system?.version || null,
    uptimeSeconds: device.uptimeSeconds ?? null,
    interfaces: device.interfaces.size,
    intervalMs: device.intervalMs,
    pollDurationMs: device.polledAtMs > 0 ? device.pollDurationMs : null,
    asOf: device.polledAtMs > 0 ? isoTime(device.polledAtMs) : null,
  }
}

function showInterface(
  state: LiveState,
  device: DeviceState,
  one: InterfaceState,
  nowMs: number,
): z.input<typeof interfaceItem> {
  const { asOfMs, history: _, ...tile } = interfaceTile(device, one, nowMs)
  const { live } = one
  const circuit = circuitAt(state.inventory, device, live)
  return {
    ...tile,
    ifDescr: live.ifDescr,
    ifType: live.ifType,
    inErrorsPerSecond: rounded(live.inErrorsPerSecond, 1_000),
    outErrorsPerSecond: rounded(live.outErrorsPerSecond, 1_000),
    inDiscardsPerSecond: rounded(live.inDiscardsPerSecond, 1_000),
    outDiscardsPerSecond: rounded(live.outDiscardsPerSecond, 1_000),
    gapReason: live.gapReason || null,
    asOf: isoTime(asOfMs),
    circuit: circuit ? showCircuit(circuit) : null,
    coverage: tile.inBitsPerSecond === null && tile.outBitsPerSecond === null ? 0 : 1,
  }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function comparePair(a: readonly string[], b: readonly string[]): number {
  return compare(a[0]!, b[0]!) || compare(a[1]!, b[1]!)
}
