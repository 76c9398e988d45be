import type { Clock } from '../../../libs/kernel/src/index.ts'
import type { DevicePoll, HardwarePoll, SystemInfo } from '../../../libs/model/src/index.ts'
import { parseOid } from '../../../libs/snmp/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import { HardwareReader } from './profiles/hardware-reader.ts'
import type { Identity } from './profiles/identification.ts'
import type { ProfileLibrary } from './profiles/load-profiles.ts'
import { getScalars } from './scalars.ts'
import type { SnmpSession } from './snmp-transport.ts'
import type { WalkPace } from './walk-pace.ts'

export interface DeviceHardwareOptions {
  readonly library: ProfileLibrary
  readonly pace: WalkPace
  readonly rowsMax: number
  readonly clock: Clock
  readonly intervalMs: number
  /** Stations are read again after this long; never without. */
  readonly stationsIntervalMs?: number | undefined
}

/** What profiles read of one device: when it is due, and what of it goes into which record. */
export class DeviceHardware {
  readonly #options: DeviceHardwareOptions
  readonly #reader: HardwareReader
  #readAtMs = Number.NEGATIVE_INFINITY
  #stationsReadAtMs = Number.NEGATIVE_INFINITY
  #facts = { version: '', hardware: '', serial: '' }
  /** Who it is by what it was asked for, while it introduces itself in the same words. */
  #asked: { introduction: string; identity: Identity } | undefined
  #aggregates: ReadonlyMap<number, number> = new Map()
  #unsent: HardwarePoll | undefined

  constructor(options: DeviceHardwareOptions) {
    this.#options = options
    this.#reader = new HardwareReader(options)
  }

  get neverRead(): boolean {
    return this.#readAtMs === Number.NEGATIVE_INFINITY
  }

  get due(): boolean {
    return this.#options.clock.monotonicMs() - this.#readAtMs >= this.#options.intervalMs
  }

  /** Asks again for what was absent. */
  forget(): void {
    this.#reader.forget()
  }

  async read(session: SnmpSession, poll: DevicePoll, errors: PollErrors): Promise<void> {
    if (!poll.system) return
    this.#readAtMs = this.#options.clock.monotonicMs()
    Object.assign(poll.system, await this.#identify(session, poll.system, errors))
    const { stationsIntervalMs } = this.#options
    const stations = stationsIntervalMs !== undefined && this.#readAtMs - this.#stationsReadAtMs >= stationsIntervalMs
    if (stations) this.#stationsReadAtMs = this.#readAtMs
    const found = await this.#reader.read(session, poll.system, poll.interfaces, errors, { stations })
    this.#unsent = found.hardware
    this.#facts = found.facts
    this.#aggregates = found.aggregates
  }

  /** Facts go into every record, readings into the first one after they were read. */
  putInto(poll: DevicePoll): void {
    if (!poll.system) return
    Object.assign(poll.system, this.#facts, this.#asked?.identity)
    if (this.#unsent) poll.hardware = this.#unsent
    this.#unsent = undefined
    for (const row of poll.interfaces) {
      const aggregate = this.#aggregates.get(row.ifIndex)
      if (aggregate !== undefined) row.lagIfIndex = aggregate
    }
  }

  /** Many appliances introduce themselves as the Linux they run on; what they alone have tells them apart. */
  async #identify(session: SnmpSession, system: SystemInfo, errors: PollErrors): Promise<Identity | undefined> {
    const { identification } = this.#options.library
    const key = `${system.sysObjectId} ${system.sysDescr}`
    if (this.#asked?.introduction === key) return this.#asked.identity
    this.#asked = undefined
    const introduction = { sysObjectId: parseOid(system.sysObjectId), sysDescr: system.sysDescr }
    const questions = identification.questions(introduction)
    if (questions.length === 0) return undefined
    const { values, failure } = await getScalars(session, questions, errors)
    // Asked in vain it is what it says it is; without any answer it is asked again at the next reading.
    if (failure && failure.code !== 'snmp-error-status') return undefined
    const identity = identification.identify(introduction, values)
    this.#asked = { introduction: key, identity }
    return identity
  }
}
