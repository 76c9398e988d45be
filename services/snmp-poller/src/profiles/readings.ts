import { create } from '@bufbuild/protobuf'
import {
  type DiskReading,
  DiskReadingSchema,
  type PoolReading,
  PoolReadingSchema,
  type ProcessorReading,
  ProcessorReadingSchema,
  type SensorReading,
  SensorReadingSchema,
  type TunnelReading,
  TunnelReadingSchema,
} from '../../../../libs/model/src/index.ts'
import {
  appendArcs,
  arcCount,
  compareOids,
  formatOid,
  type Oid,
  type SnmpValue,
} from '../../../../libs/snmp/src/index.ts'
import type { PortFinder } from './entity-ports.ts'
import { mainEntityNames, type Profile } from './profile.ts'
import { numberOf, type ProfileData, textOf } from './profile-data.ts'
import type { DiskRule, PoolRule, ProcessorRule, SensorRule, TunnelRule } from './profile-schema.ts'
import { arcOf, renderTemplate, selectArcs } from './template.ts'

const idOf = (column: Oid, index: Oid): string => formatOid((isInstance(column) ? column : column + index) as Oid)
const isInstance = (column: Oid): boolean => column.endsWith('\0\0')

/** Reads one profile's rules against what was read of the device. */
export class ProfileReader {
  readonly #profile: Profile
  readonly #data: ProfileData
  readonly #ports: PortFinder

  readonly #main: Readonly<Record<string, string>>

  constructor(profile: Profile, data: ProfileData, ports: PortFinder, main: Readonly<Record<string, string>>) {
    this.#profile = profile
    this.#main = main
    this.#data = data
    this.#ports = ports
  }

  sensors(): SensorReading[] {
    return this.#profile.source.sensors.flatMap(rule =>
      this.#rowsOf(rule.value, rule).flatMap(([index, value]) => this.#sensor(rule, index, value) ?? []),
    )
  }

  processors(): ProcessorReading[] {
    return this.#profile.source.processors.flatMap(rule =>
      this.#rowsOf(rule.usage, rule).flatMap(([index, value]) => this.#processor(rule, index, value) ?? []),
    )
  }

  memoryPools(): PoolReading[] {
    return this.#pools(this.#profile.source.memoryPools)
  }

  storages(): PoolReading[] {
    return this.#pools(this.#profile.source.storages)
  }

  disks(): DiskReading[] {
    return this.#profile.source.disks.flatMap(rule =>
      this.#rowsOf(rule.state, rule).map(([index, value]) => this.#disk(rule, index, value)),
    )
  }

  tunnels(): TunnelReading[] {
    return this.#profile.source.tunnels.flatMap(rule =>
      this.#rowsOf(rule.state, rule).map(([index, value]) => this.#tunnel(rule, index, value)),
    )
  }

  text(template: string, index: Oid): string {
    return renderTemplate(this.#profile.templates.get(template)!, ({ name, arcs, via }) => {
      if (mainEntityNames.has(name)) return this.#main[name] ?? ''
      const at = via === undefined ? selectArcs(index, arcs) : this.#indexFrom(via, index)
      return name === 'index' ? formatOid(at) : textOf(this.#cellOrFirst(name, at))
    })
  }

  /** A template without a row, a system's fact, means the first row that says something. */
  #cellOrFirst(name: string, index: Oid): SnmpValue | undefined {
    const column = this.#column(name)
    if (index !== '') return this.#data.cell(column, index)
    const rows = [...this.#data.rows(column)].sort(([a], [b]) => compareOids(a, b))
    return rows.find(([, value]) => textOf(value) !== '')?.[1]
  }

  #indexFrom(column: string, index: Oid): Oid {
    const value = numberOf(this.#cellOrFirst(column, index))
    return value !== undefined && Number.isInteger(value) && value >= 0 ? appendArcs('' as Oid, value) : index
  }

  #sensor(rule: SensorRule, index: Oid, value: SnmpValue): SensorReading | undefined {
    const raw = numberOf(value)
    const sensorClass = typeof rule.class === 'string' ? rule.class : rule.class.map[this.#textAt(rule.class.by, index)]
    if (sensorClass === undefined) return undefined
    const stateText = sensorClass === 'state' && raw === undefined ? textOf(value) : ''
    if (raw === undefined && stateText === '') return undefined
    if (
      raw !== undefined &&
      (rule.skip.includes(raw) || raw < (rule.min ?? -Infinity) || raw > (rule.max ?? Infinity))
    ) {
      return undefined
    }
    const column = this.#column(rule.value)
    const reading = create(SensorReadingSchema, {
      id: idOf(column, index),
      class: sensorClass,
      name: this.text(rule.name, index),
    })
    if (sensorClass === 'state') {
      reading.state = stateText || rule.states?.[String(raw)] || String(raw)
      if (raw !== undefined) reading.value = raw
    } else {
      const factor = this.#factor(rule, index)
      const scale = (number: number): number => tidy(converted(number * factor, rule.convert))
      const measured = scale(raw!)
      // 0 W of light is no level in dBm: the laser is off, or nothing is plugged.
      if (!Number.isFinite(measured)) return undefined
      reading.value = measured
      for (const [field, limit] of Object.entries(rule.limits)) {
        const number = typeof limit === 'number' ? limit : numberOf(this.#data.cell(this.#column(limit ?? ''), index))
        if (number === undefined) continue
        const level = typeof limit === 'number' ? limit : scale(number)
        if (Number.isFinite(level)) reading[field as keyof SensorRule['limits']] = level
      }
    }
    if (rule.thresholds && sensorClass !== 'state')
      this.#applyThresholds(rule.thresholds, index, this.#factor(rule, index), reading)
    const ifIndex = this.#portOf(rule, index)
    if (ifIndex !== undefined && ifIndex > 0) reading.ifIndex = ifIndex
    return reading
  }

  /** Severity 10 is minor, 20 major, 30 critical; relations 1 and 2 are below, 3 and 4 above. */
  #applyThresholds(
    columns: NonNullable<SensorRule['thresholds']>,
    index: Oid,
    factor: number,
    reading: SensorReading,
  ): void {
    const read = (name: string, at: Oid): number => numberOf(this.#data.cell(this.#column(name), at)) ?? 0
    for (const [at, value] of this.#data.rows(this.#column(columns.value))) {
      if (!at.startsWith(index) || at.length !== index.length + 2) continue
      const critical = read(columns.severity, at) >= 20
      const relation = read(columns.relation, at)
      const raw = numberOf(value)
      if (raw === undefined || relation < 1 || relation > 4) continue
      const field =
        relation <= 2 ? (critical ? 'lowCritical' : 'lowWarning') : critical ? 'highCritical' : 'highWarning'
      reading[field] = tidy(raw * factor)
    }
  }

  #factor(rule: SensorRule, index: Oid): number {
    const factor = rule.multiply / rule.divide
    if (!rule.scaled) return factor
    const scale = numberOf(this.#data.cell(this.#column(rule.scaled.scale), index)) ?? 9
    const precision = numberOf(this.#data.cell(this.#column(rule.scaled.precision), index)) ?? 0
    // EntitySensorDataScale (RFC 3433): 9 is units, each step a factor of 1 000. Agents send 0 for "none".
    const exponent = 3 * ((scale === 0 ? 9 : scale) - 9) - precision
    return factor * 10 ** exponent
  }

  #portOf(rule: SensorRule, index: Oid): number | undefined {
    if (rule.port === undefined) return undefined
    if (arcCount(index) === 0) return undefined
    if (rule.port === 'entity') return this.#ports.portOf(index)
    if (rule.port.startsWith('index[')) return arcOf(index, rule.port)
    return numberOf(this.#data.cell(this.#column(rule.port), index))
  }

  #processor(rule: ProcessorRule, index: Oid, value: SnmpValue): ProcessorReading | undefined {
    const raw = numberOf(value)
    if (raw === undefined || rule.skip.includes(raw)) return undefined
    const percent = rule.kind === 'idle' ? 100 - raw / rule.divide : raw / rule.divide
    // Agents say 255 or -1 for "not measured".
    if (percent < 0 || percent > 100) return undefined
    return create(ProcessorReadingSchema, {
      id: idOf(this.#column(rule.usage), index),
      name: this.text(rule.name, index),
      utilisationPercent: percent,
    })
  }

  #pools(rules: readonly PoolRule[]): PoolReading[] {
    return rules.flatMap(rule => {
      const candidates = [rule.total, rule.used, rule.free, rule.usedPercent].flatMap(columns => columns ?? [])
      const column = candidates.find(name => this.#data.rows(this.#column(name)).size > 0)
      if (column === undefined) return []
      return this.#rowsOf(column, rule).flatMap(([index]) => this.#pool(rule, column, index) ?? [])
    })
  }

  #pool(rule: PoolRule, column: string, index: Oid): PoolReading | undefined {
    const unit =
      typeof rule.unit === 'number' ? rule.unit : (numberOf(this.#data.cell(this.#column(rule.unit), index)) ?? 1)
    const read = (names: readonly string[] | undefined): number | undefined => {
      for (const name of names ?? []) {
        const number = numberOf(this.#data.cell(this.#column(name), index))
        if (number !== undefined) return number
      }
      return undefined
    }
    const percent = read(rule.usedPercent)
    const [used, free, total] = [read(rule.used), read(rule.free), read(rule.total)]
    const whole =
      total ?? (used !== undefined && free !== undefined ? used + free : percent === undefined ? undefined : 100)
    if (whole === undefined || whole <= 0) return undefined
    const part =
      used ?? (free !== undefined ? whole - free : percent === undefined ? undefined : (whole * percent) / 100)
    const bytes = (number: number): bigint => BigInt(Math.round(number * unit))
    return create(PoolReadingSchema, {
      id: idOf(this.#column(column), index),
      name: this.text(rule.name, index),
      totalBytes: bytes(whole),
      ...(part === undefined || part < 0 ? {} : { usedBytes: bytes(part) }),
    })
  }

  #disk(rule: DiskRule, index: Oid, value: SnmpValue): DiskReading {
    return create(DiskReadingSchema, {
      id: idOf(this.#column(rule.state), index),
      name: this.text(rule.name, index),
      state: rule.states[textOf(value)] ?? textOf(value),
      model: this.text(rule.model, index),
      serial: this.text(rule.serial, index),
    })
  }

  #tunnel(rule: TunnelRule, index: Oid, value: SnmpValue): TunnelReading {
    return create(TunnelReadingSchema, {
      id: idOf(this.#column(rule.state), index),
      protocol: rule.protocol,
      name: this.text(rule.name, index),
      remoteAddress: this.text(rule.remoteAddress, index),
      state: rule.states[textOf(value)] ?? textOf(value),
    })
  }

  #rowsOf(column: string, rule: { where: Conditions; unless: Conditions }): [Oid, SnmpValue][] {
    return [...this.#data.rows(this.#column(column))].filter(
      ([index]) => this.#all(rule.where, index) && !this.#any(rule.unless, index),
    )
  }

  #all(conditions: Conditions, index: Oid): boolean {
    return Object.entries(conditions).every(([name, values]) => this.#matches(name, values, index))
  }

  #any(conditions: Conditions, index: Oid): boolean {
    return Object.entries(conditions).some(([name, values]) => this.#matches(name, values, index))
  }

  #matches(name: string, values: readonly (number | string)[], index: Oid): boolean {
    const text = this.#textAt(name, index)
    return values.some(value => {
      const pattern = typeof value === 'string' ? /^\/(.*)\/$/.exec(value)?.[1] : undefined
      return pattern === undefined ? String(value) === text : new RegExp(pattern, 'i').test(text)
    })
  }

  #textAt(name: string, index: Oid): string {
    return textOf(this.#data.cell(this.#column(name), index))
  }

  #column(name: string): Oid {
    return this.#profile.columns.get(name)!
  }
}

type Conditions = Readonly<Record<string, readonly (number | string)[]>>

function converted(value: number, conversion: SensorRule['convert']): number {
  switch (conversion) {
    case 'watt-to-dbm':
      return 10 * Math.log10(value * 1_000)
    case 'fahrenheit-to-celsius':
      return (value - 32) / 1.8
    default:
      return value
  }
}

/** Twelve significant digits: 0.1 × 3 is 0.3 to a reader. */
function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
