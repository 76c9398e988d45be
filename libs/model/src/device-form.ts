import { z } from 'zod'

/**
 * `weir poll ADDRESS --json`: one device as it is now, in one form whatever its vendor. What the device does not tell is
 * null, a list of what it has none of is empty. Counters are decimal strings, since they pass 2^53.
 */
const text = z.string().nullable()
const decimal = z.string().regex(/^\d+$/)

export const sensorClasses = [
  'temperature',
  'voltage',
  'current',
  'power',
  'dbm',
  'fanspeed',
  'humidity',
  'frequency',
  'load',
  'percent',
  'charge',
  'runtime',
  'state',
  'count',
  'snr',
  'ber',
  'airflow',
] as const
export type SensorClass = (typeof sensorClasses)[number]

export const deviceInterfaceSchema = z.object({
  ifIndex: z.int(),
  ifName: z.string(),
  ifDescr: z.string(),
  ifAlias: z.string(),
  /** IANAifType's name, or its number where it has none here. */
  ifType: z.string(),
  /** Megabits a second; ifSpeed where ifHighSpeed says nothing. */
  ifHighSpeed: z.number().nullable(),
  /** Lower-case hexadecimal octets with colons. */
  ifPhysAddress: text,
  ifMtu: z.int().nullable(),
  adminStatus: z.enum(['up', 'down', 'testing', 'unknown']),
  operStatus: z.enum(['up', 'down', 'testing', 'unknown', 'dormant', 'notPresent', 'lowerLayerDown']),
  /** ifIndex of the link aggregate that this port belongs to. */
  lagId: z.int().optional(),
  /** Ports that are no links: discard interfaces, voice channels, and those inside the box. */
  flags: z.array(z.enum(['null', 'voice', 'internal'])),
  /** By the MIB's own names: ifHCInOctets, or ifInOctets of a device that has no wider one. */
  counters: z.record(z.string(), decimal),
})
export type DeviceInterface = z.infer<typeof deviceInterfaceSchema>

export const deviceSensorSchema = z.object({
  id: z.string(),
  class: z.enum(sensorClasses),
  name: z.string(),
  value: z.number().nullable(),
  /** °C, V, A, W, dBm, rpm, %, Hz, min, dB, CFM; '' of a state or a count. */
  unit: z.string(),
  /** What a state's value means, in the MIB's word. */
  state: z.string().optional(),
  limits: z.object({
    lowCritical: z.number().nullable(),
    lowWarning: z.number().nullable(),
    highWarning: z.number().nullable(),
    highCritical: z.number().nullable(),
  }),
  /** The port whose transceiver it sits in. */
  ifIndex: z.int().optional(),
})
export type DeviceSensor = z.infer<typeof deviceSensorSchema>

export const deviceFormSchema = z.object({
  schema: z.literal('weir.device.v1'),
  deviceId: z.string().optional(),
  polledAt: z.iso.datetime(),
  system: z.object({
    vendor: text,
    os: text,
    version: text,
    hardware: text,
    serial: text,
    sysName: text,
    sysDescr: text,
    sysObjectID: text,
    location: text,
    contact: text,
    uptimeSeconds: z.number().nullable(),
  }),
  interfaces: z.array(deviceInterfaceSchema),
  sensors: z.array(deviceSensorSchema),
  processors: z.array(z.object({ id: z.string(), name: z.string(), utilisationPercent: z.number().nullable() })),
  memoryPools: z.array(
    z.object({ id: z.string(), name: z.string(), usedBytes: decimal.nullable(), totalBytes: decimal.nullable() }),
  ),
  storages: z.array(
    z.object({ id: z.string(), name: z.string(), usedBytes: decimal.nullable(), totalBytes: decimal.nullable() }),
  ),
  disks: z.array(z.object({ id: z.string(), name: z.string(), state: text, model: text, serial: text })),
  peers: z.array(
    z.object({
      protocol: z.string(),
      address: z.string(),
      remoteAs: z.int().nullable(),
      state: z.string(),
      establishedSeconds: z.number().nullable(),
    }),
  ),
  tunnels: z.array(
    z.object({ id: z.string(), protocol: z.string(), name: z.string(), remoteAddress: text, state: z.string() }),
  ),
  neighbours: z.array(z.object({ localIfName: text, protocol: z.string(), remoteSysName: text, remotePort: text })),
  entities: z.array(
    z.object({
      id: z.string(),
      parentId: z.string().nullable(),
      class: z.string(),
      name: z.string(),
      descr: z.string(),
      model: text,
      serial: text,
      hardwareRevision: text,
      firmwareRevision: text,
      softwareRevision: text,
    }),
  ),
  poll: z.object({
    durationMs: z.number(),
    pdus: z.int(),
    errors: z.array(z.object({ code: z.string(), oid: z.string(), detail: z.string() })),
  }),
})
export type DeviceForm = z.infer<typeof deviceFormSchema>
