import { z } from 'zod'
import { deviceFormSchema, sensorClasses, sensorUnits } from '../../../../libs/model/src/index.ts'
import {
  type DeviceHardwareRow,
  listDeviceChanges,
  listDevices,
  listSensors,
  readDeviceHardware,
  type SensorRow,
  type Store,
} from '../../../../libs/store/src/index.ts'
import type { QueryConfig } from '../config.ts'
import type { App } from '../http/app.ts'
import { listOf, listParameters } from '../http/cursor.ts'
import { ProblemError } from '../http/problem.ts'
import { requestScope } from '../http/scope.ts'
import { inScope } from '../principal.ts'
import { changeItem } from './change-routes.ts'
import { deviceItem, type RestContext, showDevice } from './inventory-routes.ts'
import { tenantScopeOf } from './tenant-scope.ts'

export interface DeviceRoutesContext extends RestContext {
  store: Store
  query: QueryConfig
}

const time = z.iso.datetime()
const text = z.string().nullable()
const { system, sensors, processors, memoryPools, storages, disks, peers, tunnels, neighbours, entities } =
  deviceFormSchema.shape
const hardwareParts = z.object({
  processors,
  memoryPools,
  storages,
  disks,
  peers,
  tunnels: tunnels.default([]),
  neighbours,
  entities,
})

export const sensorItem = sensors.element.omit({ ifIndex: true, class: true }).extend({
  class: z.string().describe('Of the sensor classes; the unit follows from it.'),
  tenantId: z.string(),
  deviceId: z.string(),
  interfaceId: text.describe('The port whose transceiver it sits in.'),
  readAt: time,
})

const deviceDetail = deviceItem.extend({
  system,
  interfaceSummary: z.object({ up: z.int(), down: z.int().describe('Wanted up, and not.'), switchedOff: z.int() }),
  sensors: z.array(sensorItem).describe('As last read; the first thousand.'),
  ...hardwareParts.shape,
  hardwareReadAt: time.nullable().describe('When processors to entities were read; null before they ever were.'),
  changes: z.array(changeItem).describe('What changed about it, the newest fifty; `/events` has all.'),
})

/** A device in full, and sensors over devices: as last read, from the store. */
export function addDeviceRoutes(app: App, context: DeviceRoutesContext): void {
  const { state, store, nowMs } = context
  const { timeoutMs } = context.query

  app.get(
    '/api/v1/devices/:deviceId',
    {
      schema: {
        summary: 'One device: what it is, its parts, what changed',
        tags: ['inventory'],
        params: z.strictObject({ deviceId: z.string().max(128) }),
        querystring: z.strictObject({ tenant: listParameters.tenant }),
        response: { 200: deviceDetail },
      },
    },
    async request => {
      const scope = requestScope(request, request.query)
      const device = [...state.devices.values()].find(
        one => one.deviceId === request.params.deviceId && inScope(scope, one.tenantId, one.siteId),
      )
      if (!device) throw new ProblemError('not-found', 'there is no such device')
      const { tenantId, deviceId } = device
      const one = { tenants: [tenantId], deviceIds: [deviceId], timeoutMs }
      const [facts, found, hardware, changes] = await Promise.all([
        listDevices(store, one),
        listSensors(store, { ...one, limit: 1_000 }),
        readDeviceHardware(store, { tenantId, deviceId, timeoutMs }),
        listDeviceChanges(store, { ...one, limit: 50 }),
      ])
      const row = facts.items[0]
      const shown = showDevice(state, device, nowMs())
      const ports = [...device.interfaces.values()].map(({ live }) => live)
      return {
        ...shown,
        system: {
          vendor: row?.vendor || shown.vendor,
          os: row?.os || shown.os,
          version: row?.version || shown.version,
          hardware: row?.hardware || null,
          serial: row?.serial || null,
          sysName: row?.sysName || shown.sysName,
          sysDescr: row?.sysDescr || null,
          sysObjectID: row?.sysObjectId || null,
          location: row?.sysLocation || null,
          contact: row?.sysContact || null,
          uptimeSeconds: shown.uptimeSeconds,
        },
        interfaceSummary: {
          up: ports.filter(port => port.operStatus === 1).length,
          down: ports.filter(port => port.adminStatus === 1 && port.operStatus !== 1).length,
          switchedOff: ports.filter(port => port.adminStatus === 2).length,
        },
        sensors: found.items.map(showSensor),
        ...partsOf(hardware),
        hardwareReadAt: hardware?.readAt ?? null,
        changes: changes.items,
      }
    },
  )

  app.get(
    '/api/v1/sensors',
    {
      schema: {
        summary: 'Sensors as last read',
        tags: ['inventory'],
        querystring: z.strictObject({
          ...listParameters,
          device: z.string().max(128).optional(),
          class: z.enum(sensorClasses).optional(),
        }),
        response: { 200: listOf(sensorItem) },
      },
    },
    async request => {
      const { device, class: sensorClass, limit, cursor } = request.query
      const page = await listSensors(store, {
        tenants: tenantScopeOf(requestScope(request, request.query)),
        ...(device === undefined ? {} : { deviceIds: [device] }),
        ...(sensorClass === undefined ? {} : { classes: [sensorClass] }),
        ...{ limit, cursor, timeoutMs },
      })
      return { data: page.items.map(showSensor), nextCursor: page.nextCursor }
    },
  )
}

export function showSensor(row: SensorRow): z.input<typeof sensorItem> {
  const { tenantId, deviceId, sensorId, name, value, state, readAt } = row
  const { lowCritical, lowWarning, highWarning, highCritical } = row
  return {
    ...{ id: sensorId, tenantId, deviceId, class: row.class, name, value, readAt },
    unit: (sensorUnits as Readonly<Record<string, string>>)[row.class] ?? '',
    ...(state === '' ? {} : { state }),
    limits: { lowCritical, lowWarning, highWarning, highCritical },
    interfaceId: row.interfaceId || null,
  }
}

function partsOf(hardware: DeviceHardwareRow | undefined): z.output<typeof hardwareParts> {
  if (hardware) return hardwareParts.parse(JSON.parse(hardware.hardwareJson))
  return {
    processors: [],
    memoryPools: [],
    storages: [],
    disks: [],
    peers: [],
    tunnels: [],
    neighbours: [],
    entities: [],
  }
}
