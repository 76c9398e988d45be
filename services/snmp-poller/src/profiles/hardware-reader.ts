import { create } from '@bufbuild/protobuf'
import {
  type EntityReading,
  type HardwarePoll,
  HardwarePollSchema,
  type InterfacePoll,
  type SystemInfo,
} from '../../../../libs/model/src/index.ts'
import {
  appendArcs,
  ifColumns,
  type Oid,
  parseOid,
  type SnmpValue,
  scalarOids,
} from '../../../../libs/snmp/src/index.ts'
import { PollErrors } from '../poll-errors.ts'
import { getScalars } from '../scalars.ts'
import type { SnmpSession } from '../snmp-transport.ts'
import { walkTable } from '../table-walk.ts'
import type { WalkPace } from '../walk-pace.ts'
import { entityColumns, mainEntity, readEntities } from './entities.ts'
import { entAliasMapping, PortFinder } from './entity-ports.ts'
import { aggregateColumns, readAggregates } from './link-aggregates.ts'
import type { ProfileLibrary } from './load-profiles.ts'
import { neighbourColumns, readNeighbours } from './neighbours.ts'
import { peerColumns, readPeers } from './peers.ts'
import { factTemplate, isScalar, type Profile } from './profile.ts'
import { looseColumn, ProfileData } from './profile-data.ts'
import type { Fact } from './profile-schema.ts'
import { ProfileReader } from './readings.ts'
import { readSpanningTree, spanningTreeScalars } from './spanning-tree.ts'
import { readStations, stationColumns } from './stations.ts'

export interface HardwareFindings {
  readonly hardware: HardwarePoll
  readonly facts: Pick<SystemInfo, 'version' | 'hardware' | 'serial'>
  /** Aggregate's ifIndex by member's. */
  readonly aggregates: ReadonlyMap<number, number>
}

export interface HardwareOptions {
  readonly library: ProfileLibrary
  readonly pace: WalkPace
  readonly rowsMax: number
}

/** Columns that come from the interfaces of the same poll and are not read twice. */
const fromInterfaces = new Set<Oid>([ifColumns.ifName.oid, ifColumns.ifDescr.oid])
const fromSystem = new Set<Oid>([scalarOids.sysDescr, scalarOids.sysName, scalarOids.sysObjectID])

/** Reads what a device's profiles name, and remembers which of it the device does not have. */
export class HardwareReader {
  readonly #options: HardwareOptions
  #absent = new Set<Oid>()

  constructor(options: HardwareOptions) {
    this.#options = options
  }

  /** Asks again for what was absent. */
  forget(): void {
    this.#absent = new Set()
  }

  async read(
    session: SnmpSession,
    system: SystemInfo,
    interfaces: readonly InterfacePoll[],
    errors: PollErrors,
    { stations }: { stations: boolean } = { stations: false },
  ): Promise<HardwareFindings> {
    const profiles = this.#options.library.profilesFor(system.os)
    const wanted = new Set([
      ...entityColumns,
      entAliasMapping,
      ...aggregateColumns,
      ...peerColumns,
      ...neighbourColumns,
      ...spanningTreeScalars,
      ...profiles.flatMap(profile => profile.read),
    ])
    const oids = [...wanted].filter(one => !this.#absent.has(one) && !fromInterfaces.has(one) && !fromSystem.has(one))
    const data = knownData(system, interfaces)
    await this.#readScalars(session, oids.filter(isScalar), data, errors)
    await this.#readTables(
      session,
      oids.filter(one => !isScalar(one)),
      data,
      errors,
    )
    const found = findings(profiles, data, interfaces)
    if (stations) {
      // Last, and apart: these tables are long, and a device that is slow at them is not failing.
      const columns = stationColumns.filter(one => !this.#absent.has(one))
      await this.#readTables(session, columns, data, new PollErrors())
      found.hardware.stations = readStations(data, interfaces)
    }
    return found
  }

  async #readScalars(session: SnmpSession, oids: readonly Oid[], data: ProfileData, errors: PollErrors): Promise<void> {
    for (let i = 0; i < oids.length; i += scalarsPerRequest) {
      const group = oids.slice(i, i + scalarsPerRequest)
      const { values, failure } = await getScalars(session, group, errors)
      if (failure) {
        errors.add(failure.code, group[0], failure.detail)
        if (failure.code === 'poll-deadline' || failure.code === 'snmp-timeout') return
      }
      for (const one of group) {
        const value = values.get(one)
        if (value === undefined || !('value' in value)) {
          if (!failure) this.#absent.add(one)
        } else {
          data.setScalar(one, value)
        }
      }
    }
  }

  async #readTables(session: SnmpSession, oids: readonly Oid[], data: ProfileData, errors: PollErrors): Promise<void> {
    const tables = new Map<string, Oid[]>()
    for (const one of oids) {
      const entry = one.slice(0, -2)
      tables.set(entry, [...(tables.get(entry) ?? []), one])
    }
    for (const columns of tables.values()) {
      const walked = await walkTable(session, {
        columns: columns.map(looseColumn),
        rowsMax: this.#options.rowsMax,
        pace: this.#options.pace,
        errors,
      })
      for (const [index, row] of walked.rows)
        for (const [column, value] of row.cells) data.set(column.oid, index, value)
      for (const column of walked.absent) this.#absent.add(column.oid)
      if (walked.stopped) return
    }
  }
}

const scalarsPerRequest = 20

function knownData(system: SystemInfo, interfaces: readonly InterfacePoll[]): ProfileData {
  const data = new ProfileData()
  const octets = (text: string): SnmpValue => ({ type: 'octets', value: Buffer.from(text) })
  data.setScalar(scalarOids.sysDescr, octets(system.sysDescr))
  data.setScalar(scalarOids.sysName, octets(system.sysName))
  const objectId = parseOid(system.sysObjectId)
  if (objectId) data.setScalar(scalarOids.sysObjectID, { type: 'oid', value: objectId })
  for (const { ifIndex, ifName, ifDescr } of interfaces) {
    const index = appendArcs('' as Oid, ifIndex)
    data.set(ifColumns.ifName.oid, index, octets(ifName))
    data.set(ifColumns.ifDescr.oid, index, octets(ifDescr))
  }
  return data
}

function findings(
  profiles: readonly Profile[],
  data: ProfileData,
  interfaces: readonly InterfacePoll[],
): HardwareFindings {
  const ports = new PortFinder(data, interfaces)
  const entities = readEntities(data)
  const main = mainEntity(entities)
  const readers = profiles.map(profile => new ProfileReader(profile, data, ports, main ? namesOf(main) : {}))
  const fact = (kind: 'version' | 'hardware' | 'serial'): string =>
    firstFact(profiles, readers, kind) || entityFact(main, kind)
  const spanningTree = readSpanningTree(data)
  return {
    hardware: create(HardwarePollSchema, {
      ...(spanningTree ? { spanningTree } : {}),
      sensors: unique(readers.flatMap(reader => reader.sensors())),
      processors: firstAnswer(readers.map(reader => reader.processors())),
      memoryPools: firstAnswer(readers.map(reader => reader.memoryPools())),
      storages: firstAnswer(readers.map(reader => reader.storages())),
      disks: firstAnswer(readers.map(reader => reader.disks())),
      tunnels: firstAnswer(readers.map(reader => reader.tunnels())),
      peers: readPeers(data),
      neighbours: readNeighbours(data, interfaces),
      entities,
    }),
    facts: { version: fact('version'), hardware: fact('hardware'), serial: fact('serial') },
    aggregates: readAggregates(data, interfaces),
  }
}

function namesOf(entity: EntityReading): Record<string, string> {
  return {
    mainDescr: entity.descr,
    mainName: entity.name,
    mainModel: entity.model,
    mainSerial: entity.serial,
    mainSoftware: entity.softwareRevision,
    mainFirmware: entity.firmwareRevision,
    mainHardware: entity.hardwareRevision,
  }
}

/** An operating system's own profile knows better than the standard MIBs; both together would count twice. */
function firstAnswer<T>(lists: readonly T[][]): T[] {
  return lists.find(list => list.length > 0) ?? []
}

function unique<T extends { id: string; class: string }>(readings: readonly T[]): T[] {
  return [...new Map(readings.map(reading => [`${reading.id} ${reading.class}`, reading])).values()]
}

function firstFact(
  profiles: readonly Profile[],
  readers: readonly ProfileReader[],
  kind: 'version' | 'hardware' | 'serial',
): string {
  for (const [i, profile] of profiles.entries()) {
    for (const fact of profile.source.system[kind]) {
      const text = factText(fact, readers[i]!.text(factTemplate(fact), '' as Oid))
      if (text !== '') return text
    }
  }
  return ''
}

function factText(fact: Fact, text: string): string {
  if (typeof fact === 'string') return text
  const match = new RegExp(fact.match, 's').exec(text)
  return match ? fact.as.replaceAll(/\$(\d)/g, (_, i: string) => match[Number(i)] ?? '').trim() : ''
}

function entityFact(entity: EntityReading | undefined, kind: 'version' | 'hardware' | 'serial'): string {
  if (!entity) return ''
  return kind === 'version' ? entity.softwareRevision : kind === 'hardware' ? entity.model : entity.serial
}
