import { AssignerProtocol } from 'kafkajs'

export const protocolName = 'weir-modulo'

/** What a member tells the leader: the topics it reads. */
export function memberMetadata(topics: readonly string[]): Buffer {
  return AssignerProtocol.MemberMetadata.encode({ version: 0, topics: [...topics], userData: Buffer.alloc(0) })
}

/** By topic, the partitions that the leader gave this member. */
export function assignedPartitions(memberAssignment: Buffer): Record<string, number[]> {
  return AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {}
}

/**
 * The leader's work: partition p of each topic goes to the p-th of its subscribers, as in the local log, so that topics
 * of like keys stay together.
 * @param partitions by topic, their number
 */
export function assignModulo(
  members: readonly { memberId: string; memberMetadata: Buffer }[],
  partitions: ReadonlyMap<string, number>,
): { memberId: string; memberAssignment: Buffer }[] {
  const subscriptions = members
    .map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
    }))
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
  const given = new Map(subscriptions.map(({ memberId }) => [memberId, {} as Record<string, number[]>]))
  for (const [topic, count] of partitions) {
    const subscribers = subscriptions.filter(({ topics }) => topics.includes(topic))
    for (let partition = 0; partition < count && subscribers.length > 0; partition++) {
      const assignment = given.get(subscribers[partition % subscribers.length]!.memberId)!
      assignment[topic] = [...(assignment[topic] ?? []), partition]
    }
  }
  return Array.from(given, ([memberId, assignment]) => ({
    memberId,
    memberAssignment: AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
  }))
}
