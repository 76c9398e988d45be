import type { Cluster, Kafka } from 'kafkajs'
import type { Clock, Logger } from '../../../kernel/src/index.ts'
import type { Assignment, GroupOptions, Membership } from '../bus.ts'
import type { BusCounters } from '../bus-counters.ts'
import { PartitionWork } from '../partition-work.ts'
import { backoffMs, Pause } from '../pause.ts'
import { openCluster } from './client.ts'
import { errorType, toBusError } from './errors.ts'
import { Fetcher } from './fetcher.ts'
import { GroupSession, isFencedAnswer } from './group-session.ts'
import { KafkaReader } from './kafka-reader.ts'
import type { KafkaTopics } from './topics.ts'

const heartbeatMs = 1_000
/** Running calls may finish and commit for so long when the group rebalances; then their commits are fenced. */
const rebalancePatienceMs = 30_000
const joinPatienceMs = 30_000
const leavePatienceMs = 5_000
const partitionsAgainMs = 30_000
/** Failures in a row after which the connections are opened anew. */
const recreateAfter = 5

export interface GroupMemberOptions {
  kafka: Kafka
  topics: KafkaTopics
  group: GroupOptions
  sessionTimeoutMs: number
  counters: BusCounters
  clock: Clock
  log: Logger
}

/** A member of a consumer group: joins, heartbeats on its own clock, hands partitions to the handler and gives them back. */
export class GroupMember implements Membership {
  readonly #given: GroupMemberOptions
  readonly #fetcher: Fetcher
  readonly #holders = new Map<string, PartitionWork>()
  readonly #pause = new Pause()
  #cluster: Cluster
  #session: GroupSession | undefined
  #works: PartitionWork[] = []
  #memberId = ''
  #leaving = false
  #ended: Promise<void> = Promise.resolve()

  constructor(options: GroupMemberOptions) {
    this.#given = options
    this.#cluster = openCluster(options.kafka)
    this.#fetcher = new Fetcher(options.kafka, options.clock, options.log)
  }

  /** Resolves when the first generation with this member has begun. */
  async start(): Promise<void> {
    const untilMs = performance.now() + joinPatienceMs
    for (let failures = 1; ; failures++) {
      try {
        await this.#join()
        break
      } catch (cause) {
        const error = toBusError(cause, `cannot join ${this.#given.group.group}`)
        if (error.code !== 'broker-unreachable' || performance.now() > untilMs) {
          await this.#close()
          throw error
        }
        await this.#pause.wait(this.#given.clock, backoffMs(failures, 100, 2_000))
      }
    }
    this.#ended = this.#live()
  }

  async leave(): Promise<void> {
    this.#leaving = true
    this.#endWorks()
    await Promise.all(this.#works.map(work => work.done))
    this.#pause.cut()
    const patience = new Pause()
    await Promise.race([this.#ended, patience.wait(this.#given.clock, leavePatienceMs)])
    patience.cut()
    try {
      await this.#session?.leave()
    } catch (cause) {
      this.#given.log.debug(
        { err: cause, group: this.#given.group.group },
        'could not tell the group; its timeout will',
      )
    }
    await this.#close()
  }

  lag(): { topic: string; partition: number; records: number }[] {
    return this.#works.filter(work => !work.ended).map(work => work.lag())
  }

  /** One generation after another until `leave`. */
  async #live(): Promise<void> {
    for (let failures = 0; !this.#leaving; ) {
      try {
        if (this.#session) await this.#untilRebalance(this.#session)
        if (this.#leaving) return
        await this.#giveBack()
        await this.#join()
        failures = 0
      } catch (cause) {
        if (this.#leaving) return
        failures++
        if (errorType(cause) === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
        if (isFencedAnswer(cause)) this.#fence()
        const { group, clock, log } = this.#given
        log[failures === 3 ? 'warn' : 'debug'](
          { err: cause, group: group.group, failures },
          'not in the group; trying again',
        )
        await this.#pause.wait(clock, backoffMs(failures, 100, 5_000))
        if (failures % recreateAfter === 0) await this.#recreateCluster()
      }
    }
  }

  async #join(): Promise<void> {
    const { topics, group, sessionTimeoutMs } = this.#given
    await this.#cluster.connect()
    await this.#cluster.addMultipleTargetTopics([...group.topics])
    const options = { cluster: this.#cluster, topics, group: group.group, subscribed: group.topics, sessionTimeoutMs }
    const session = await GroupSession.join({ ...options, memberId: this.#memberId })
    this.#memberId = session.memberId
    this.#session?.end()
    this.#session = session
    if (!this.#leaving) await this.#assign(session)
  }

  async #assign(session: GroupSession): Promise<void> {
    const { counters, clock, log, group, topics } = this.#given
    this.#works = []
    for (const [topic, partitions] of Object.entries(session.assigned)) {
      const compacted = await topics.isCompacted(topic)
      for (const partition of partitions) {
        const place = `${topic}/${partition}`
        const work = new PartitionWork({
          ...{ topic, partition, group, counters, clock, log },
          assign: isHeld => this.#assignment(session, topic, partition, isHeld),
          open: from => this.#open(topic, partition, compacted, from),
          after: this.#holders.get(place)?.done,
        })
        this.#holders.set(place, work)
        this.#works.push(work)
      }
    }
  }

  async #assignment(
    session: GroupSession,
    topic: string,
    partition: number,
    isHeld: () => boolean,
  ): Promise<Assignment> {
    const [committed, bounds] = await Promise.all([
      session.committed(topic, partition).catch(cause => {
        throw toBusError(cause, `cannot read the commit of ${topic}/${partition}`)
      }),
      this.#given.topics.bounds(topic),
    ])
    const { low, high } = bounds.find(one => one.partition === partition) ?? { low: 0, high: 0 }
    return {
      ...{ topic, partition, committed, low, high },
      generation: session.generation,
      commit: (offset, metadata) => session.commit(topic, partition, offset, metadata, isHeld),
    }
  }

  #open(topic: string, partition: number, compacted: boolean, from: number): KafkaReader {
    const reader = new KafkaReader({
      ...{ topic, partition, compacted, from },
      onWanted: () => this.#fetcher.wake(),
      onClose: one => this.#fetcher.remove(one),
    })
    this.#fetcher.add(reader)
    return reader
  }

  /** Heartbeats until the group wants to change. Without an answer for a session's time it is taken for lost. */
  async #untilRebalance(session: GroupSession): Promise<void> {
    const { clock, sessionTimeoutMs } = this.#given
    let answeredAtMs = clock.monotonicMs()
    let lookAgainAtMs = answeredAtMs + partitionsAgainMs
    while (!this.#leaving) {
      await this.#pause.wait(clock, heartbeatMs)
      if (this.#leaving) return
      try {
        await session.heartbeat()
        answeredAtMs = clock.monotonicMs()
        if (answeredAtMs < lookAgainAtMs) continue
        lookAgainAtMs = answeredAtMs + partitionsAgainMs
        if (await this.#hasNewPartitions(session)) return
      } catch (cause) {
        if (errorType(cause) === 'REBALANCE_IN_PROGRESS') return
        if (isFencedAnswer(cause)) throw cause
        if (clock.monotonicMs() - answeredAtMs > sessionTimeoutMs) {
          this.#fence()
          throw cause
        }
      }
    }
  }

  /** Partitions may be added to a live topic; the group takes them in with a new generation. */
  async #hasNewPartitions(session: GroupSession): Promise<boolean> {
    const { topics, group } = this.#given
    const counts = await Promise.all(group.topics.map(topic => topics.partitions(topic)))
    return group.topics.some((topic, i) => counts[i] !== session.partitions.get(topic))
  }

  /** Lets running calls finish and commit, heartbeating meanwhile, as long as the coordinator waits. */
  async #giveBack(): Promise<void> {
    this.#endWorks()
    const { clock } = this.#given
    const session = this.#session
    let settled = false
    const done = Promise.all(this.#works.map(work => work.done)).then(() => {
      settled = true
    })
    const untilMs = clock.monotonicMs() + rebalancePatienceMs
    while (!settled && clock.monotonicMs() < untilMs) {
      const pause = new Pause()
      await Promise.race([done, pause.wait(clock, heartbeatMs)])
      pause.cut()
      if (!settled) await session?.heartbeat().catch(() => {})
    }
  }

  /**
   * The partitions are others' by now: no commit of ours may be sent any more. A coordinator that was restarted may
   * still know the generation, so it must not be asked about it again: only a join brings partitions back.
   */
  #fence(): void {
    this.#session?.end()
    this.#session = undefined
    this.#endWorks()
  }

  #endWorks(): void {
    for (const work of this.#works) work.end()
  }

  async #recreateCluster(): Promise<void> {
    const old = this.#cluster
    this.#cluster = openCluster(this.#given.kafka)
    await old.disconnect().catch(() => {})
  }

  async #close(): Promise<void> {
    this.#session?.end()
    await this.#fetcher.close()
    await this.#cluster.disconnect().catch(() => {})
  }
}
