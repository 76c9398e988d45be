import { z } from 'zod'
import { sensorClasses } from '../../../../libs/model/src/index.ts'
import { parseOid } from '../../../../libs/snmp/src/index.ts'

/**
 * A profile says what to read of devices of some kind and what it means, as data: `services/snmp-poller/profiles/*.yaml`.
 * Columns get their MIB's names under `columns`; everything else speaks of them by name.
 */
const oidText = z.string().refine(text => parseOid(text) !== undefined, { error: 'is no OID' })
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/)
const regex = z.string().refine(
  text => {
    try {
      return new RegExp(text, 's').source !== ''
    } catch {
      return false
    }
  },
  { error: 'is no regular expression' },
)

/** Text with `{column}`, `{first|second}`, `{column[0]}` (at the index's first arc), `{column[0..1]}`, `{index}`, `{index[-1]}`. */
const template = z.string()

/** Raw values by column: numbers, texts, or `/regular expression/`. */
const conditions = z.record(name, z.array(z.union([z.number(), z.string()])))

const rowsShape = {
  where: conditions.default({}),
  unless: conditions.default({}),
}

const numberOrColumn = z.union([z.number(), name])

const columnsOf = z.union([name, z.array(name)]).transform(value => (typeof value === 'string' ? [value] : value))

const limitsSchema = z.strictObject({
  lowCritical: numberOrColumn.optional(),
  lowWarning: numberOrColumn.optional(),
  highWarning: numberOrColumn.optional(),
  highCritical: numberOrColumn.optional(),
})

export const sensorRuleSchema = z.strictObject({
  ...rowsShape,
  /** A sensor for each of its rows. */
  value: name,
  class: z.union([
    z.enum(sensorClasses),
    z.strictObject({ by: name, map: z.record(z.string(), z.enum(sensorClasses)) }),
  ]),
  name: template,
  /** Of class `state`: what its values mean. */
  states: z.record(z.string(), z.string()).optional(),
  multiply: z.number().default(1),
  divide: z.number().default(1),
  /** ENTITY-SENSOR-MIB's SensorDataScale and precision. */
  scaled: z.strictObject({ scale: name, precision: name }).optional(),
  convert: z.enum(['watt-to-dbm', 'fahrenheit-to-celsius']).optional(),
  limits: limitsSchema.default({}),
  /** CISCO-ENTITY-SENSOR-MIB's table of thresholds: rows under the sensor's own index. */
  thresholds: z.strictObject({ value: name, severity: name, relation: name }).optional(),
  /** Raw values that mean "no reading". */
  skip: z.array(z.number()).default([]),
  /** Raw values below or above are no reading. */
  min: z.number().optional(),
  max: z.number().optional(),
  /** The port it belongs to: a column that holds its ifIndex, an arc of the index, or the entity's place in the chassis. */
  port: z.union([z.literal('entity'), z.string().regex(/^index\[-?\d+\]$/), name]).optional(),
})

export const processorRuleSchema = z.strictObject({
  ...rowsShape,
  usage: name,
  name: template,
  /** `idle` counts down from 100. */
  kind: z.enum(['busy', 'idle']).default('busy'),
  divide: z.number().default(1),
  skip: z.array(z.number()).default([]),
})

export const poolRuleSchema = z.strictObject({
  ...rowsShape,
  name: template,
  /** A column, or several of which the first that answers counts. */
  used: columnsOf.optional(),
  free: columnsOf.optional(),
  total: columnsOf.optional(),
  usedPercent: columnsOf.optional(),
  /** What used, free and total count, in bytes; a column or a number. */
  unit: numberOrColumn.default(1),
})

export const diskRuleSchema = z.strictObject({
  ...rowsShape,
  state: name,
  states: z.record(z.string(), z.string()).default({}),
  name: template,
  model: template.default(''),
  serial: template.default(''),
})

/** Tunnels that are configured: a row that stays while its tunnel is down. */
export const tunnelRuleSchema = z.strictObject({
  ...rowsShape,
  state: name,
  /** What its values mean; `up` is up. */
  states: z.record(z.string(), z.string()),
  protocol: z.string().regex(/^[a-z][a-z0-9]*$/),
  name: template,
  remoteAddress: template.default(''),
})

const factSchema = z.union([template, z.strictObject({ from: template, match: regex, as: z.string().default('$1') })])

export const profileSchema = z.strictObject({
  /** Operating systems it is for; absent: every device that answers. */
  os: z.array(z.string()).optional(),
  columns: z.record(name, oidText),
  /** First that yields something counts. */
  system: z
    .strictObject({
      version: z.array(factSchema).default([]),
      hardware: z.array(factSchema).default([]),
      serial: z.array(factSchema).default([]),
    })
    .prefault({}),
  sensors: z.array(sensorRuleSchema).default([]),
  processors: z.array(processorRuleSchema).default([]),
  memoryPools: z.array(poolRuleSchema).default([]),
  storages: z.array(poolRuleSchema).default([]),
  disks: z.array(diskRuleSchema).default([]),
  tunnels: z.array(tunnelRuleSchema).default([]),
})
export type ProfileSource = z.output<typeof profileSchema>
export type SensorRule = z.output<typeof sensorRuleSchema>
export type ProcessorRule = z.output<typeof processorRuleSchema>
export type PoolRule = z.output<typeof poolRuleSchema>
export type DiskRule = z.output<typeof diskRuleSchema>
export type TunnelRule = z.output<typeof tunnelRuleSchema>
export type Fact = z.output<typeof factSchema>

/** `operating-systems.yaml`: the first that fits names the device. */
export const operatingSystemsSchema = z.array(
  z.strictObject({
    os: z.string(),
    vendor: z.string(),
    sysObjectID: z.array(oidText).default([]),
    sysDescr: regex.optional(),
    /** Instances that the device must have, and what their values match: for those that call themselves Linux. */
    asks: z.record(oidText, regex).default({}),
  }),
)
export type OperatingSystem = z.output<typeof operatingSystemsSchema>[number]
