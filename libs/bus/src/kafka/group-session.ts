import type { Cluster } from 'kafkajs'
import { AssignerProtocol } from 'kafkajs'
import { BusError } from '../bus.ts'
import { checkCommitMetadata } from '../limits.ts'
import { assignedPartitions, assignModulo, memberMetadata, protocolName } from './assignment.ts'
import { coordinatorOf } from './client.ts'
import { errorType, toBusError } from './errors.ts'
import type { KafkaTopics } from './topics.ts'

/** The coordinator waits so long for members to finish their calls before it takes their partitions. */
const rebalanceTimeoutMs = 60_000
const commitPatienceMs = 10_000

/** Answers that mean: the partition is no longer this generation's. */
const fencedTypes = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])

export interface GroupSessionOptions {
  cluster: Cluster
  topics: KafkaTopics
  group: string
  subscribed: readonly string[]
  /** Of the earlier generation; empty for a new member. */
  memberId: string
  sessionTimeoutMs: number
}

/** A member's part in one generation of the group. Its commits carry this generation and no other. */
export class GroupSession {
  readonly generation: number
  readonly memberId: string
  /** By topic. */
  readonly assigned: Readonly<Record<string, readonly number[]>>
  /** Partitions of each topic as they were when the generation began. */
  readonly partitions: ReadonlyMap<string, number>
  readonly #cluster: Cluster
  readonly #group: string
  #isOver = false

  private constructor(
    { cluster, group }: GroupSessionOptions,
    joined: { generationId: number; memberId: string },
    assigned: Record<string, number[]>,
    partitions: ReadonlyMap<string, number>,
  ) {
    this.#cluster = cluster
    this.#group = group
    this.generation = joined.generationId
    this.memberId = joined.memberId
    this.assigned = assigned
    this.partitions = partitions
  }

  /** Joins, and waits until all members have: up to the rebalance timeout. */
  static async join(options: GroupSessionOptions): Promise<GroupSession> {
    const { cluster, topics, group: groupId, subscribed, sessionTimeoutMs: sessionTimeout } = options
    const coordinator = await coordinatorOf(cluster, groupId)
    const joined = await coordinator.joinGroup({
      groupId,
      memberId: options.memberId,
      sessionTimeout,
      rebalanceTimeout: rebalanceTimeoutMs,
      groupProtocols: [{ name: protocolName, metadata: memberMetadata(subscribed) }],
    })
    const { generationId, memberId } = joined
    const partitions = await partitionsOf(topics, joined.leaderId === memberId ? topicsOf(joined.members) : subscribed)
    const groupAssignment = joined.leaderId === memberId ? assignModulo(joined.members, partitions) : []
    const { memberAssignment } = await coordinator.syncGroup({ groupId, generationId, memberId, groupAssignment })
    return new GroupSession(options, joined, assignedPartitions(memberAssignment), partitions)
  }

  /** From here on commits answer `fenced` without asking. */
  end(): void {
    this.#isOver = true
  }

  async heartbeat(): Promise<void> {
    const { generation: groupGenerationId, memberId } = this
    await (await coordinatorOf(this.#cluster, this.#group)).heartbeat({
      groupId: this.#group,
      groupGenerationId,
      memberId,
    })
  }

  async leave(): Promise<void> {
    this.end()
    const coordinator = await coordinatorOf(this.#cluster, this.#group)
    await coordinator.leaveGroup({ groupId: this.#group, memberId: this.memberId })
  }

  async committed(topic: string, partition: number): Promise<{ offset: number; metadata: string } | undefined> {
    const coordinator = await coordinatorOf(this.#cluster, this.#group)
    const { responses } = await coordinator.offsetFetch({
      groupId: this.#group,
      topics: [{ topic, partitions: [{ partition }] }],
    })
    const found = responses[0]?.partitions[0]
    if (!found || Number(found.offset) < 0) return undefined
    return { offset: Number(found.offset), metadata: found.metadata ?? '' }
  }

  /** @throws BusError `commit-unconfirmed`, `record-too-large`, `not-authorised` */
  async commit(
    topic: string,
    partition: number,
    offset: number,
    metadata: string,
    isHeld: () => boolean,
  ): Promise<'committed' | 'fenced'> {
    checkCommitMetadata(metadata)
    const untilMs = performance.now() + commitPatienceMs
    let failure: unknown
    while (!this.#isOver && isHeld()) {
      try {
        await (await coordinatorOf(this.#cluster, this.#group)).offsetCommit({
          groupId: this.#group,
          groupGenerationId: this.generation,
          memberId: this.memberId,
          topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }],
        })
        return 'committed'
      } catch (cause) {
        const isFenced = fencedTypes.has(errorType(cause) ?? '')
        if (isFenced && !failure) return 'fenced'
        failure = cause
        const { code } = toBusError(cause, 'cannot commit')
        if (isFenced || code !== 'broker-unreachable' || performance.now() > untilMs) break
        await new Promise(resolve => setTimeout(resolve, 200))
      }
    }
    if (!failure) return 'fenced'
    // An attempt without an answer may have arrived: neither outcome may be claimed.
    const error = toBusError(failure, `cannot commit ${topic}/${partition} at ${offset}`)
    throw error.code === 'broker-unreachable'
      ? new BusError('commit-unconfirmed', error.message, { cause: failure })
      : error
  }
}

export function isFencedAnswer(cause: unknown): boolean {
  return fencedTypes.has(errorType(cause) ?? '')
}

function topicsOf(members: readonly { memberMetadata: Buffer }[]): string[] {
  return [...new Set(members.flatMap(one => AssignerProtocol.MemberMetadata.decode(one.memberMetadata)?.topics ?? []))]
}

async function partitionsOf(topics: KafkaTopics, names: readonly string[]): Promise<Map<string, number>> {
  return new Map(await Promise.all(names.map(async name => [name, await topics.partitions(name)] as const)))
}
