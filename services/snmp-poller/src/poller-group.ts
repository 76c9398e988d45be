import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { Bus, BusRecord, Tail } from '../../../libs/bus/src/index.ts'
import { type Clock, every, type Logger, type Random, seedOf, type Timer } from '../../../libs/kernel/src/index.ts'
import { keys, type PollerLease, PollerLeaseSchema, topics } from '../../../libs/model/src/index.ts'

export interface PollerGroupOptions {
  readonly name: string
  readonly leaseMs: number
  readonly producerId: string
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Devices have come to other pollers: ask `owns` again. */
  readonly changed: () => void
}

interface Member {
  instance: string
  heardMs: number
  leaseMs: number
}

const membersMax = 1_024

/**
 * Pollers that share the devices of one inventory. Each says every third of its lease on `weir.pollers.v1` that it lives;
 * a device belongs to the one of the living that rendezvous hashing names, so that a poller that comes or goes moves only
 * its own share. While the log is silent to us (our own words do not come back) nobody is judged gone: with a bus that is
 * down, each goes on with its share. Two may poll the same device for as long as their views differ, which is harmless:
 * deltas go by the time of the poll.
 */
export class PollerGroup {
  readonly #options: PollerGroupOptions
  readonly #instance: string
  readonly #members = new Map<string, Member>()
  #heardSelfMs = Number.NEGATIVE_INFINITY
  #silent = false
  #tail: Tail | undefined
  #timers: Timer[] = []
  #warnedOfTwin = false
  /** Words that the bus refused, and records that were none. */
  refused = 0
  malformed = 0
  /** How often devices changed hands. */
  changes = 0

  constructor(options: PollerGroupOptions) {
    this.#options = options
    this.#instance = Math.floor(options.random() * 0x1_0000_0000).toString(16)
  }

  /** Those alive, this one among them. */
  get size(): number {
    return this.#members.size + 1
  }

  /** Resolves when it is known who else lives. */
  async start(): Promise<void> {
    const { bus, clock, leaseMs } = this.#options
    this.#tail = await bus.tail({
      topic: topics.pollers,
      from: { sinceMs: Math.round(clock.nowMs()) - leaseMs },
      records: records => this.#take(records),
    })
    await this.#tail.caughtUp
    await this.#beat(false)
    this.#heardSelfMs = clock.monotonicMs()
    this.#timers = [every(clock, leaseMs / 3, () => this.#beat(false)), every(clock, leaseMs / 12, () => this.#judge())]
  }

  /** The others take over at once. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel()
    await this.#tail?.close()
    await this.#beat(true)
  }

  owns(deviceKey: string): boolean {
    const own = weightOf(this.#options.producerId, deviceKey)
    for (const id of this.#members.keys()) {
      const weight = weightOf(id, deviceKey)
      if (weight > own || (weight === own && id > this.#options.producerId)) return false
    }
    return true
  }

  async #beat(leaving: boolean): Promise<void> {
    const { bus, clock, log, name: group, producerId, leaseMs } = this.#options
    const lease = create(PollerLeaseSchema, { group, producerId, instance: this.#instance, leaseMs, leaving })
    const value = toBinary(PollerLeaseSchema, lease)
    try {
      const timestampMs = Math.round(clock.nowMs())
      await bus.send(topics.pollers, [{ key: keys.poller(group, producerId), value, timestampMs }])
    } catch (cause) {
      if (this.refused++ === 0) log.warn({ err: cause, group }, 'the bus refuses to tell other pollers that we live')
    }
  }

  #take(records: readonly BusRecord[]): void {
    let changed = false
    for (const { value } of records) {
      let lease: PollerLease
      try {
        lease = fromBinary(PollerLeaseSchema, value ?? new Uint8Array())
      } catch {
        this.malformed++
        continue
      }
      if (lease.group === this.#options.name) changed = this.#hear(lease) || changed
    }
    if (changed) this.#change()
  }

  /** Whether somebody came or went. */
  #hear({ producerId, instance, leaseMs, leaving }: PollerLease): boolean {
    const heardMs = this.#options.clock.monotonicMs()
    if (producerId === this.#options.producerId) {
      if (instance === this.#instance) this.#heardSelfMs = heardMs
      else if (this.#timers.length > 0 && !leaving) this.#warnOfTwin()
      return false
    }
    if (leaving) return this.#members.get(producerId)?.instance === instance && this.#members.delete(producerId)
    const isNew = !this.#members.has(producerId)
    if (isNew && this.#members.size >= membersMax) return false
    this.#members.set(producerId, { instance, heardMs, leaseMs })
    return isNew
  }

  #judge(): void {
    const { clock, leaseMs } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#heardSelfMs > leaseMs / 2) {
      this.#silent = true
      return
    }
    if (this.#silent) {
      // Their words may come after ours: each has its whole lease again.
      this.#silent = false
      for (const member of this.#members.values()) member.heardMs = nowMs
    }
    let changed = false
    for (const [id, member] of this.#members) {
      if (nowMs - member.heardMs > member.leaseMs) changed = this.#members.delete(id) || changed
    }
    if (changed) this.#change()
  }

  #change(): void {
    if (this.#timers.length === 0) return
    this.changes++
    this.#options.log.info({ group: this.#options.name, pollers: this.size }, 'pollers came or went')
    this.#options.changed()
  }

  #warnOfTwin(): void {
    if (this.#warnedOfTwin) return
    this.#warnedOfTwin = true
    const { log, producerId } = this.#options
    log.warn({ producerId }, 'another poller has the same producerId: both poll the same devices; name each otherwise')
  }
}

/** FNV-1a leaves texts that differ in their last characters near each other: its bits are mixed once more (murmur3). */
function weightOf(producerId: string, deviceKey: string): number {
  let hash = seedOf(`${producerId}\0${deviceKey}`)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
