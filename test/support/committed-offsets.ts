import type { Bus } from '../../libs/bus/src/index.ts'

/** Offsets a group has committed, by `topic/partition`; joins the group for a moment and reads nothing. */
export async function committedOffsets(
  bus: Bus,
  group: string,
  topics: readonly string[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  let expected = 0
  for (const topic of topics) expected += (await bus.bounds(topic)).length
  await new Promise<void>((resolve, reject) => {
    const membership = bus.join({
      group,
      topics,
      handler: {
        async assigned(assignment) {
          found.set(`${assignment.topic}/${assignment.partition}`, assignment.committed?.offset ?? assignment.low)
          if (found.size === expected) setImmediate(() => membership.then(one => one.leave()).then(resolve, reject))
          return assignment.high
        },
        records: async () => {},
        revoked: async () => {},
      },
    })
    membership.catch(reject)
  })
  return found
}
