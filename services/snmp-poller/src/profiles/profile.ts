import { formatOid, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import type { Fact, ProfileSource } from './profile-schema.ts'
import { parseTemplate, referencesOf, type Template } from './template.ts'

/** Columns that every profile may name beside its own. */
export const commonColumns: Readonly<Record<string, string>> = {
  sysDescr: '1.3.6.1.2.1.1.1.0',
  sysName: '1.3.6.1.2.1.1.5.0',
  ifName: '1.3.6.1.2.1.31.1.1.1.1',
  ifDescr: '1.3.6.1.2.1.2.2.1.2',
  sysObjectID: '1.3.6.1.2.1.1.2.0',
  entPhysicalDescr: '1.3.6.1.2.1.47.1.1.1.1.2',
  entPhysicalContainedIn: '1.3.6.1.2.1.47.1.1.1.1.4',
  entPhysicalClass: '1.3.6.1.2.1.47.1.1.1.1.5',
  entPhysicalName: '1.3.6.1.2.1.47.1.1.1.1.7',
  entPhysicalHardwareRev: '1.3.6.1.2.1.47.1.1.1.1.8',
  entPhysicalFirmwareRev: '1.3.6.1.2.1.47.1.1.1.1.9',
  entPhysicalSoftwareRev: '1.3.6.1.2.1.47.1.1.1.1.10',
  entPhysicalSerialNum: '1.3.6.1.2.1.47.1.1.1.1.11',
  entPhysicalModelName: '1.3.6.1.2.1.47.1.1.1.1.13',
}

/** Facts of the box's own row of entPhysicalTable, in templates of `system`. */
export const mainEntityNames: ReadonlySet<string> = new Set([
  'mainDescr',
  'mainName',
  'mainModel',
  'mainSerial',
  'mainSoftware',
  'mainFirmware',
  'mainHardware',
])

export interface Profile {
  readonly name: string
  readonly source: ProfileSource
  /** The OID of each name it may use. */
  readonly columns: ReadonlyMap<string, Oid>
  /** OIDs to read: columns of tables, and scalars, which end in .0. */
  readonly read: readonly Oid[]
  readonly templates: ReadonlyMap<string, Template>
}

/** Makes a profile ready to use; throws with the profile's name on anything it does not define. */
export function compileProfile(name: string, source: ProfileSource): Profile {
  const columns = new Map(
    Object.entries({ ...commonColumns, ...source.columns }).map(([key, text]) => [key, oid(text)]),
  )
  const templates = new Map<string, Template>()
  const used = new Set<string>()
  const use = (column: string): void => {
    if (column === 'index' || mainEntityNames.has(column)) return
    if (!columns.has(column)) throw new Error(`profile ${name} speaks of "${column}", which is not among its columns`)
    used.add(column)
  }
  const useTemplate = (text: string): void => {
    const template = parseTemplate(text)
    templates.set(text, template)
    for (const column of referencesOf(template)) use(column)
  }
  for (const fact of Object.values(source.system).flat()) useTemplate(factTemplate(fact))
  for (const rule of source.sensors) {
    useTemplate(rule.name)
    use(rule.value)
    if (typeof rule.class === 'object') use(rule.class.by)
    if (rule.scaled) [rule.scaled.scale, rule.scaled.precision].forEach(use)
    if (rule.thresholds) Object.values(rule.thresholds).forEach(use)
    for (const limit of Object.values(rule.limits)) if (typeof limit === 'string') use(limit)
    if (rule.port && rule.port !== 'entity' && !rule.port.startsWith('index[')) use(rule.port)
  }
  for (const rule of source.processors) {
    useTemplate(rule.name)
    use(rule.usage)
  }
  for (const rule of [...source.memoryPools, ...source.storages]) {
    useTemplate(rule.name)
    for (const columns of [rule.used, rule.free, rule.total, rule.usedPercent]) columns?.forEach(use)
    if (typeof rule.unit === 'string') use(rule.unit)
  }
  for (const rule of source.disks) {
    for (const text of [rule.name, rule.model, rule.serial]) useTemplate(text)
    use(rule.state)
  }
  for (const rule of source.tunnels) {
    for (const text of [rule.name, rule.remoteAddress]) useTemplate(text)
    use(rule.state)
  }
  const { sensors, processors, memoryPools, storages, disks, tunnels } = source
  const rules = [...sensors, ...processors, ...memoryPools, ...storages, ...disks, ...tunnels]
  for (const rule of rules) for (const column of [...Object.keys(rule.where), ...Object.keys(rule.unless)]) use(column)
  return { name, source, columns, read: [...used].map(column => columns.get(column)!), templates }
}

export function factTemplate(fact: Fact): string {
  return typeof fact === 'string' ? fact : fact.from
}

/** An instance of a scalar, which is read as it stands. */
export function isScalar(value: Oid): boolean {
  return formatOid(value).endsWith('.0')
}
