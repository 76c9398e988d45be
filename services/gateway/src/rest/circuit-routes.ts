import { z } from 'zod'
import type { Circuit, InterfaceCircuit } from '../../../../libs/model/src/index.ts'
import type { App } from '../http/app.ts'
import { decodeCursor, listOf, listParameters, pageOf } from '../http/cursor.ts'
import { requestScope } from '../http/scope.ts'
import { circuitAt } from '../live/circuits.ts'
import type { DeviceState, InterfaceState } from '../live/device-state.ts'
import { rounded } from '../live/tiles.ts'
import { inScope, type Scope } from '../principal.ts'
import type { RestContext } from './inventory-routes.ts'

const text = z.string().nullable()
const committed = z
  .object({ inBitsPerSecond: z.number(), outBitsPerSecond: z.number() })
  .nullable()
  .describe("Null where the port's own speed is the limit.")

export const circuitAtPort = z.object({
  source: z.enum(['inventory', 'description']).describe('description: read from ifAlias.'),
  id: text.describe('Of the inventory.'),
  kind: z.enum(['cust', 'transit', 'peering', 'core']).nullable().describe('What the description calls it.'),
  provider: text,
  circuitId: text,
  contact: text,
  note: text,
  committed: committed.describe('As this end sees it.'),
})

const end = z.object({
  deviceId: z.string(),
  ifName: z.string(),
  interfaceId: text.describe('Null before it was polled.'),
})
const circuitItem = circuitAtPort.extend({
  tenantId: z.string(),
  a: end,
  b: end.nullable(),
  operStatus: z.int().nullable().describe('Of end a, as ifOperStatus.'),
  inBitsPerSecond: z.number().nullable(),
  outBitsPerSecond: z.number().nullable(),
  utilisationIn: z.number().nullable().describe('0 to 1, of the committed rate.'),
  utilisationOut: z.number().nullable(),
})

interface Found {
  key: [tenantId: string, deviceId: string, ifName: string]
  circuit: InterfaceCircuit
  b: Circuit['b']
  /** Undefined before it was polled. */
  port: InterfaceState | undefined
}

/** Circuits of the inventory, and those that descriptions tell of. */
export function addCircuitRoutes(app: App, context: RestContext): void {
  app.get(
    '/api/v1/circuits',
    {
      schema: {
        summary: 'Circuits, with what they carry now',
        tags: ['inventory'],
        querystring: z.strictObject({ ...listParameters, site: z.string().max(128).optional() }),
        response: { 200: listOf(circuitItem) },
      },
    },
    async request => {
      const after = decodeCursor(request.query.cursor, 3)
      const found = circuitsOf(context, requestScope(request, request.query))
      const rest = after ? found.filter(one => compareKeys(one.key, after) > 0) : found
      return pageOf(
        rest,
        request.query.limit,
        one => one.key,
        one => show(context, one),
      )
    },
  )
}

/** In the order of tenant, device and ifName of end a. */
function circuitsOf({ state }: RestContext, scope: Scope): Found[] {
  const found: Found[] = []
  const otherEnds = new Set<string>()
  const sites = new Map(state.inventory.devices.map(one => [`${one.tenant}/${one.id}`, one.site]))
  for (const circuit of state.inventory.circuits) {
    const { tenant, a, b } = circuit
    if (b) otherEnds.add(`${tenant}/${b.device}/${b.ifName}`)
    otherEnds.add(`${tenant}/${a.device}/${a.ifName}`)
    if (!inScope(scope, tenant, sites.get(`${tenant}/${a.device}`) ?? '')) continue
    const device = state.device(tenant, a.device)
    const port = device && portOf(device, a.ifName)
    found.push({ key: [tenant, a.device, a.ifName], circuit: shownCircuit(circuit), b, port })
  }
  for (const device of state.devices.values()) {
    if (!inScope(scope, device.tenantId, device.siteId)) continue
    for (const port of device.interfaces.values()) {
      if (otherEnds.has(`${device.tenantId}/${device.deviceId}/${port.live.ifName}`)) continue
      const circuit = circuitAt(state.inventory, device, port.live)
      if (circuit)
        found.push({ key: [device.tenantId, device.deviceId, port.live.ifName], circuit, b: undefined, port })
    }
  }
  return found.sort((one, other) => compareKeys(one.key, other.key))
}

function portOf(device: DeviceState, ifName: string): InterfaceState | undefined {
  return [...device.interfaces.values()].find(port => port.live.ifName === ifName)
}

function shownCircuit({ id, provider, circuitId, contact, note, committed: rate }: Circuit): InterfaceCircuit {
  return { ...{ source: 'inventory', id, provider, circuitId, contact, note }, ...(rate ? { committed: rate } : {}) }
}

export function showCircuit(circuit: InterfaceCircuit): z.input<typeof circuitAtPort> {
  const { source, id, kind, provider, circuitId, contact, note, committed: rate } = circuit
  return {
    source,
    id: id ?? null,
    kind: kind ?? null,
    provider: provider || null,
    circuitId: circuitId || null,
    contact: contact || null,
    note: note || null,
    committed: rate ?? null,
  }
}

function show({ state }: RestContext, { key, circuit, b, port }: Found): z.input<typeof circuitItem> {
  const [tenantId, deviceId, ifName] = key
  const live = port?.live
  const far = b && state.device(tenantId, b.device)
  return {
    ...showCircuit(circuit),
    tenantId,
    a: { deviceId, ifName, interfaceId: port?.interfaceId ?? null },
    b: b
      ? { deviceId: b.device, ifName: b.ifName, interfaceId: (far && portOf(far, b.ifName)?.interfaceId) ?? null }
      : null,
    operStatus: live?.operStatus ?? null,
    inBitsPerSecond: rounded(live?.inBitsPerSecond, 1),
    outBitsPerSecond: rounded(live?.outBitsPerSecond, 1),
    utilisationIn: rounded(live?.utilisationIn, 10_000),
    utilisationOut: rounded(live?.utilisationOut, 10_000),
  }
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [i, one] of a.entries()) if (one !== b[i]) return one < b[i]! ? -1 : 1
  return 0
}
