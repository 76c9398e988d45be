import type { Clock } from '../../../libs/kernel/src/index.ts'
import type { DevicePoll, HardwarePoll } from '../../../libs/model/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import { HardwareReader } from './profiles/hardware-reader.ts'
import type { ProfileLibrary } from './profiles/load-profiles.ts'
import type { SnmpSession } from './snmp-transport.ts'
import type { WalkPace } from './walk-pace.ts'

export interface DeviceHardwareOptions {
  readonly library: ProfileLibrary
  readonly pace: WalkPace
  readonly rowsMax: number
  readonly clock: Clock
  readonly intervalMs: number
}

/** What profiles read of one device: when it is due, and what of it goes into which record. */
export class DeviceHardware {
  readonly #options: DeviceHardwareOptions
  readonly #reader: HardwareReader
  #readAtMs = Number.NEGATIVE_INFINITY
  #facts = { version: '', hardware: '', serial: '' }
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
    const found = await this.#reader.read(session, poll.system, poll.interfaces, errors)
    this.#unsent = found.hardware
    this.#facts = found.facts
    this.#aggregates = found.aggregates
  }

  /** Facts go into every record, readings into the first one after they were read. */
  putInto(poll: DevicePoll): void {
    if (!poll.system) return
    Object.assign(poll.system, this.#facts)
    if (this.#unsent) poll.hardware = this.#unsent
    this.#unsent = undefined
    for (const row of poll.interfaces) {
      const aggregate = this.#aggregates.get(row.ifIndex)
      if (aggregate !== undefined) row.lagIfIndex = aggregate
    }
  }
}
