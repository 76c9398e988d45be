import { create } from '@bufbuild/protobuf'
import type { Clock } from '../../../libs/kernel/src/index.ts'
import {
  type Device,
  type DevicePoll,
  DevicePollSchema,
  type InterfacePoll,
  PollErrorSchema,
  PollHealthSchema,
  type SystemInfo,
  SystemInfoSchema,
} from '../../../libs/model/src/index.ts'
import {
  type Column,
  displayText,
  formatOid,
  type IfColumn,
  ifColumns,
  ifEntry,
  ifXEntry,
  isWithin,
  type Oid,
  type SnmpErrorCode,
  scalarOids,
  tags,
} from '../../../libs/snmp/src/index.ts'
import { type WalkResult, walkColumns } from './column-walk.ts'
import { DeviceHardware } from './device-hardware.ts'
import { FastReader } from './fast-reader.ts'
import type { FastPlan } from './fast-rules.ts'
import { clockColumns, everyPollColumns, narrowColumns, slowColumns } from './interface-columns.ts'
import { interfaceRow, type SlowFacts, slowFacts } from './interface-rows.ts'
import { type InterfaceTable, InterfaceTables } from './interface-table.ts'
import { type NotedError, PollErrors } from './poll-errors.ts'
import { PollSession } from './poll-session.ts'
import type { ProfileLibrary } from './profiles/load-profiles.ts'
import { RowCells } from './row-cells.ts'
import { getScalars, type ScalarAnswers } from './scalars.ts'
import type { SnmpSession } from './snmp-transport.ts'
import { WalkPace } from './walk-pace.ts'

export interface DevicePollerOptions {
  readonly device: Device
  readonly session: SnmpSession
  readonly clock: Clock
  readonly intervalMs: number
  /** A poll is cut after this long; what was read by then is kept. */
  readonly budgetMs: number
  /** Slowly changing columns are read anew after this long, also when nothing seems to have changed. */
  readonly slowRefreshMs: number
  readonly interfacesMax: number
  /** Shared by the pollers of a process. */
  readonly tables?: InterfaceTables
  /** Interfaces that are polled in between, too. */
  readonly fast?: { readonly session: SnmpSession; readonly plan: FastPlan }
  /** Without them a poll reads the system group and the interfaces. */
  readonly profiles?: ProfileLibrary
  /** What profiles read beyond interfaces is read again after this long; 0, after every poll. */
  readonly hardwareIntervalMs?: number
  /** Stations (forwarding tables, neighbours' addresses) are read again after this long; never without. */
  readonly stationsIntervalMs?: number | undefined
}

export interface PollOutcome {
  readonly poll: DevicePoll
  readonly errorCounts: readonly (readonly [code: SnmpErrorCode, count: number])[]
  /** The deadline cut it. */
  readonly overran: boolean
}

const scalars = Object.values(scalarOids)
/** Interfaces of one device that are polled more often; those beyond wait for the whole poll. */
const fastRowsMax = 64

/** Polls one device again and again, and remembers what spares work: slow columns, absent columns, the agent's limits. */
export class DevicePoller {
  readonly #options: DevicePollerOptions
  readonly #pace = new WalkPace()
  #slow = new Map<number, SlowFacts>()
  #slowReadAtMs = Number.NEGATIVE_INFINITY
  #absent: ReadonlySet<Column> = new Set()
  #needsNarrow = false
  /** Interfaces that have had 64-bit octets: a cell missing once does not make them narrow. */
  #wide = new Set<number>()
  readonly #hardware: DeviceHardware | undefined
  /** Of reading hardware after the last record went out. */
  #lateErrors = new PollErrors()
  #bare = 0
  #identity: { key: string; facts: Pick<SystemInfo, 'vendor' | 'os'> | undefined } | undefined
  readonly #tables: InterfaceTables
  #rowsExpected = 0
  #lastUpTimeCs: number | undefined
  #lastTableChange: number | undefined
  #lastIfNumber: number | undefined
  #hardwareWanted = false
  #polling = false
  /** The last whole poll. */
  #answered = false
  #fast: Promise<unknown> | undefined
  readonly #fastReader = new FastReader()
  closed = false
  /** The device has answered something in the poll under way. */
  heardInPoll = false

  constructor(options: DevicePollerOptions) {
    this.#options = options
    this.#tables = options.tables ?? new InterfaceTables()
    const {
      profiles: library,
      interfacesMax: rowsMax,
      clock,
      hardwareIntervalMs: intervalMs = 0,
      stationsIntervalMs,
    } = options
    this.#hardware =
      library && new DeviceHardware({ library, pace: this.#pace, rowsMax, clock, intervalMs, stationsIntervalMs })
  }

  /** The next poll's own record carries what profiles read, as the first one does: a message spoke of it. */
  wantHardware(): void {
    this.#hardwareWanted = true
  }

  /**
   * Name, as polls give it, of the interface that a message means by its ifIndex, ifName or ifDescr; undefined where no
   * interface read so far fits.
   */
  interfaceName(ifIndex: number | undefined, told: string): string | undefined {
    const [index, facts] =
      [...this.#slow].find(([one]) => one === ifIndex) ??
      [...this.#slow].find(([, one]) => told !== '' && (one.ifName === told || one.ifDescr === told)) ??
      []
    return facts && nameOf(index!, facts.ifName, facts)
  }

  /** A poll under way ends at once, and its outcome says nothing about the device. */
  close(): void {
    this.closed = true
    this.#options.session.close()
    this.#options.fast?.session.close()
  }

  /** Never rejects for what a device does; one call at a time. */
  async poll(): Promise<PollOutcome> {
    this.#polling = true
    try {
      this.#options.fast?.session.cancel()
      await this.#fast?.catch(() => {})
      return await this.#pollWhole()
    } finally {
      this.#polling = false
    }
  }

  /**
   * Reads only the interfaces that are to be polled more often. Undefined when there is nothing to tell: no such
   * interface is known yet, the device did not answer or has restarted, or a whole poll is under way, whose record would
   * come later than this one's and be older.
   */
  pollFast(): Promise<PollOutcome | undefined> {
    const { fast } = this.#options
    if (!fast || !this.#answered || this.#polling || this.#fast || this.closed) return Promise.resolve(undefined)
    const reading = this.#readFast(fast.session, fast.plan).finally(() => {
      this.#fast = undefined
    })
    this.#fast = reading
    return reading
  }

  async #readFast(session: SnmpSession, plan: FastPlan): Promise<PollOutcome | undefined> {
    const rows = [...this.#slow].filter(([, facts]) => plan.matches(facts.ifName || facts.ifDescr, facts.ifAlias))
    if (rows.length === 0 || this.#lastUpTimeCs === undefined) return undefined
    const { clock, interfacesMax } = this.#options
    const startedMs = clock.nowMs()
    const startedMonotonicMs = clock.monotonicMs()
    const errors = new PollErrors()
    const polling = new PollSession(session, clock, plan.intervalMs)
    const table = this.#tables.take(interfacesMax)
    try {
      const answers = await this.#fastReader.clocks(polling, errors)
      const upTimeCs = scalar(answers, scalarOids.sysUpTime, 'timeTicks')
      if (upTimeCs === undefined || upTimeCs < this.#lastUpTimeCs) return undefined
      const ifIndexes = rows.slice(0, fastRowsMax).map(([ifIndex]) => ifIndex)
      const broken = await this.#fastReader.read(polling, ifIndexes, this.#columns(), table)
      if (broken) return undefined
      const cells = new RowCells(table, errors)
      const found = interfacesOf(table).filter(one => !this.#isNews(one))
      const poll = this.#record(startedMs, answers, this.#rows(table, found, cells))
      poll.partial = true
      this.#complete(poll, startedMonotonicMs, polling, true, errors.list())
      return { poll, errorCounts: [...errors.counts()], overran: polling.cut }
    } finally {
      this.#tables.giveBack(table)
      polling.close()
    }
  }

  async #pollWhole(): Promise<PollOutcome> {
    const { clock, session, budgetMs } = this.#options
    const startedMs = clock.nowMs()
    const startedMonotonicMs = clock.monotonicMs()
    const errors = new PollErrors()
    const polling = new PollSession(session, clock, budgetMs)
    this.heardInPoll = false
    try {
      const answers = await getScalars(polling, scalars, errors)
      this.heardInPoll = answers.failure === undefined
      if (answers.failure) errors.add(answers.failure.code, undefined, answers.failure.detail)
      const interfaces = answers.failure ? [] : await this.#interfaces(polling, answers, errors)
      const poll = this.#record(startedMs, answers, interfaces)
      if (this.#hardware && (this.#hardware.neverRead || this.#hardwareWanted)) {
        this.#hardwareWanted = false
        await this.#hardware.read(polling, poll, errors)
      }
      this.#hardware?.putInto(poll)
      if (!answers.failure && errors.size === 0) this.#pace.allCame()
      this.#answered = answers.failure === undefined
      const noted = [...errors.list(), ...this.#lateErrors.list()]
      this.#complete(poll, startedMonotonicMs, polling, this.#answered, noted)
      const errorCounts = [...errors.counts(), ...this.#lateErrors.counts()]
      this.#lateErrors = new PollErrors()
      return { poll, errorCounts, overran: polling.cut }
    } finally {
      polling.close()
    }
  }

  /**
   * Reads what profiles name when it is due, in what is left of the poll's budget; the next record carries it. Counters
   * do not wait for it: on a large chassis it takes longer than they do. (Only the first record waits, to be whole.)
   */
  async readHardware({ poll }: PollOutcome): Promise<void> {
    const { session, clock, budgetMs } = this.#options
    if (!this.#hardware?.due || this.#hardware.neverRead || !poll.health?.reachable) return
    const reading = new PollSession(session, clock, Math.max(0, budgetMs - poll.health.durationMs))
    try {
      await this.#hardware.read(reading, poll, this.#lateErrors)
    } finally {
      reading.close()
    }
  }

  #complete(
    poll: DevicePoll,
    startedMonotonicMs: number,
    polling: PollSession,
    reachable: boolean,
    errors: readonly NotedError[],
  ): void {
    const { clock } = this.#options
    poll.completedMs = BigInt(Math.round(clock.nowMs()))
    poll.health = create(PollHealthSchema, {
      reachable,
      durationMs: Math.round(clock.monotonicMs() - startedMonotonicMs),
      pdus: polling.pdus,
      retries: polling.retries,
      errors: errors.map(error => create(PollErrorSchema, error)),
    })
  }

  #record(startedMs: number, answers: ScalarAnswers, interfaces: InterfacePoll[]): DevicePoll {
    const { device, intervalMs } = this.#options
    const poll = create(DevicePollSchema, {
      deviceId: device.id,
      siteId: device.site,
      address: device.address,
      startedMs: BigInt(Math.round(startedMs)),
      intervalMs,
      interfaces,
    })
    if (answers.failure) return poll
    const upTimeCs = scalar(answers, scalarOids.sysUpTime, 'timeTicks')
    const engineTime = scalar(answers, scalarOids.snmpEngineTime, 'integer')
    const hostUpTimeCs = scalar(answers, scalarOids.hrSystemUptime, 'timeTicks')
    if (upTimeCs !== undefined) poll.sysUpTimeCs = upTimeCs
    if (engineTime !== undefined && engineTime >= 0) poll.engineTimeS = engineTime
    else if (hostUpTimeCs !== undefined) poll.engineTimeS = Math.floor(hostUpTimeCs / 100)
    if (answers.values.has(scalarOids.sysDescr)) poll.system = this.#system(answers)
    return poll
  }

  #system(answers: ScalarAnswers): SystemInfo {
    const objectId = answers.values.get(scalarOids.sysObjectID)
    const sysObjectId = objectId?.type === 'oid' ? objectId.value : undefined
    const sysDescr = text(answers, scalarOids.sysDescr)
    return create(SystemInfoSchema, {
      sysName: text(answers, scalarOids.sysName),
      sysDescr,
      sysObjectId: sysObjectId === undefined ? '' : formatOid(sysObjectId),
      sysLocation: text(answers, scalarOids.sysLocation),
      sysContact: text(answers, scalarOids.sysContact),
      ...this.#identified(sysObjectId, sysDescr),
    })
  }

  /** Profiles are asked once for what a device says of itself. */
  #identified(sysObjectId: Oid | undefined, sysDescr: string): Pick<SystemInfo, 'vendor' | 'os'> | undefined {
    const key = `${sysObjectId ?? ''} ${sysDescr}`
    if (this.#identity?.key !== key) {
      this.#identity = { key, facts: this.#options.profiles?.identification.identify({ sysObjectId, sysDescr }) }
    }
    return this.#identity.facts
  }

  async #interfaces(session: PollSession, answers: ScalarAnswers, errors: PollErrors): Promise<InterfacePoll[]> {
    const table = this.#tables.take(this.#options.interfacesMax)
    try {
      return await this.#interfacesBy(table, session, answers, errors)
    } finally {
      this.#tables.giveBack(table)
    }
  }

  async #interfacesBy(
    table: InterfaceTable,
    session: PollSession,
    answers: ScalarAnswers,
    errors: PollErrors,
  ): Promise<InterfacePoll[]> {
    const { clock, slowRefreshMs } = this.#options
    const changed = this.#tableMayHaveChanged(answers)
    const refresh = changed || clock.monotonicMs() - this.#slowReadAtMs >= slowRefreshMs
    // What an agent does not have is asked for again only now and then: a module may have come.
    if (refresh) {
      this.#absent = new Set()
      this.#hardware?.forget()
    }
    const walked = await this.#walk(session, this.#columns(), table, errors)
    if (refresh) this.#wide = new Set()
    let found = interfacesOf(table)
    for (const one of found) if (hasWideOctets(table, one.row)) this.#wide.add(one.ifIndex)
    if (!this.#needsNarrow && !walked.stopped && found.some(one => !this.#wide.has(one.ifIndex))) {
      this.#needsNarrow = true
      await this.#walk(session, narrowColumns, table, errors)
      found = interfacesOf(table)
    }
    if (walked.complete) this.#rowsExpected = found.length
    const cells = new RowCells(table, errors)
    if (refresh || found.some(one => this.#isNews(one))) await this.#readSlow(session, table, found, cells, errors)
    return this.#rows(table, [...found, ...this.#bareInterfaces(table, found)], cells)
  }

  #rows(table: InterfaceTable, found: readonly FoundInterface[], cells: RowCells): InterfacePoll[] {
    return found.map(({ ifIndex, ifName, row }) => {
      const slow = this.#slow.get(ifIndex)
      // The name of an agent without ifXTable is its description; one missing cell is no reason to rename a port.
      const name = nameOf(ifIndex, ifName, slow)
      const upTimeCs = row < 0 || table.upTimeCs[row]! < 0 ? undefined : table.upTimeCs[row]
      cells.row = row
      return interfaceRow(ifIndex, name, upTimeCs, cells, slow, this.#wide.has(ifIndex))
    })
  }

  /** Rows of ifTable that have a description and nothing that is polled: some agents list empty slots so. */
  #bareInterfaces(table: InterfaceTable, found: readonly FoundInterface[]): FoundInterface[] {
    if (this.#bare === 0) return []
    const polled = new Set(found.map(({ ifIndex }) => ifIndex))
    return [...this.#slow]
      .filter(([ifIndex, slow]) => slow.bare && !polled.has(ifIndex))
      .map(([ifIndex]) => ({ ifIndex, ifName: '', row: table.rowOf(ifIndex) }))
  }

  #columns(): readonly IfColumn[] {
    return this.#present(this.#needsNarrow ? [...everyPollColumns, ...narrowColumns] : everyPollColumns)
  }

  #present(columns: readonly IfColumn[]): readonly IfColumn[] {
    return this.#absent.size > 0 ? columns.filter(column => !this.#absent.has(column)) : columns
  }

  async #walk(
    session: PollSession,
    columns: readonly IfColumn[],
    table: InterfaceTable,
    errors: PollErrors,
  ): Promise<WalkResult> {
    const result = await walkColumns(session, {
      columns: this.#present(columns),
      sink: table,
      rowsExpected: this.#rowsExpected,
      pace: this.#pace,
      errors,
      clockColumns,
    })
    if (result.absent.size > 0) this.#absent = new Set([...this.#absent, ...result.absent])
    return result
  }

  /** A restart, or the agent's own word that rows came, went or moved (RFC 2863 ifTableLastChange). */
  #tableMayHaveChanged(answers: ScalarAnswers): boolean {
    const upTimeCs = scalar(answers, scalarOids.sysUpTime, 'timeTicks')
    const tableChange = scalar(answers, scalarOids.ifTableLastChange, 'timeTicks')
    const ifNumber = scalar(answers, scalarOids.ifNumber, 'integer')
    const changed =
      (upTimeCs ?? 0) < (this.#lastUpTimeCs ?? 0) ||
      tableChange !== this.#lastTableChange ||
      ifNumber !== this.#lastIfNumber
    this.#lastUpTimeCs = upTimeCs
    this.#lastTableChange = tableChange
    this.#lastIfNumber = ifNumber
    return changed
  }

  #isNews({ ifIndex, ifName }: FoundInterface): boolean {
    const slow = this.#slow.get(ifIndex)
    return slow === undefined || (ifName !== '' && ifName !== slow.ifName)
  }

  async #readSlow(
    session: PollSession,
    table: InterfaceTable,
    found: readonly FoundInterface[],
    cells: RowCells,
    errors: PollErrors,
  ): Promise<void> {
    const result = await this.#walk(session, slowColumns, table, errors)
    const names = new Map(found.map(({ ifIndex, ifName }) => [ifIndex, ifName]))
    // A walk that was cut knows nothing of the rows it did not reach.
    const facts = new Map(result.complete ? [] : this.#slow)
    for (let row = 0; row < table.rows; row++) {
      if (!hasCell(table, row, slowInterfaceColumns)) continue
      const ifIndex = table.ifIndex[row]!
      const ifName = names.get(ifIndex) || this.#slow.get(ifIndex)?.ifName || ''
      cells.row = row
      facts.set(ifIndex, { ifName, bare: !names.has(ifIndex), ...slowFacts(cells) })
    }
    this.#slow = facts
    this.#bare = [...facts.values()].filter(one => one.bare).length
    if (!result.stopped) this.#slowReadAtMs = this.#options.clock.monotonicMs()
  }
}

interface FoundInterface {
  readonly ifIndex: number
  /** '' when the cell did not come. */
  readonly ifName: string
  /** Of the table; -1 where nothing of it was read. */
  readonly row: number
}

/** Columns whose cells make an interface; EtherLike's alone do not. */
const interfaceColumns = [...everyPollColumns, ...narrowColumns].filter(ofIfMib)
const slowInterfaceColumns = slowColumns.filter(ofIfMib)

function ofIfMib({ oid }: IfColumn): boolean {
  return isWithin(oid, ifEntry) || isWithin(oid, ifXEntry)
}

/** Rows of ifTable and ifXTable, by ifIndex. */
function interfacesOf(table: InterfaceTable): FoundInterface[] {
  const found: FoundInterface[] = []
  for (let row = 0; row < table.rows; row++) {
    if (!hasCell(table, row, interfaceColumns)) continue
    const hasName = table.tag(row, ifColumns.ifName) === tags.octets
    const ifName = hasName ? displayText(table.octets(row, ifColumns.ifName)) : ''
    found.push({ ifIndex: table.ifIndex[row]!, ifName, row })
  }
  return found.sort((a, b) => a.ifIndex - b.ifIndex)
}

function hasCell(table: InterfaceTable, row: number, columns: readonly IfColumn[]): boolean {
  for (const column of columns) if (table.tag(row, column) !== 0) return true
  return false
}

function hasWideOctets(table: InterfaceTable, row: number): boolean {
  return table.tag(row, ifColumns.ifHCInOctets) === tags.counter64
}

function scalar(answers: ScalarAnswers, oid: Oid, type: 'timeTicks' | 'integer'): number | undefined {
  const value = answers.values.get(oid)
  return value?.type === type ? value.value : undefined
}

function text(answers: ScalarAnswers, oid: Oid): string {
  const value = answers.values.get(oid)
  return value?.type === 'octets' ? displayText(value.value) : ''
}

/** An agent without ifXTable names its interfaces by ifDescr. */
function nameOf(ifIndex: number, ifName: string, slow: SlowFacts | undefined): string {
  return ifName || slow?.ifName || slow?.ifDescr || `ifIndex-${ifIndex}`
}
