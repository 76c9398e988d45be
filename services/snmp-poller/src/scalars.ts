import { errorStatusNumber, type Oid, type SnmpValue } from '../../../libs/snmp/src/index.ts'
import type { PollErrors } from './poll-errors.ts'
import type { SnmpFailure, SnmpSession } from './snmp-transport.ts'

export interface ScalarAnswers {
  /** By OID; what the agent does not have is absent. */
  readonly values: ReadonlyMap<Oid, SnmpValue>
  /** Why nothing at all could be learned. */
  readonly failure: SnmpFailure | undefined
}

const noSuchName = errorStatusNumber('noSuchName')

/**
 * Gets scalars in one request where the agent allows it. tooBig and errors that blame nobody halve the request, an error
 * that blames a variable drops that one: each request is smaller than the last, so this ends.
 */
export async function getScalars(
  session: SnmpSession,
  oids: readonly Oid[],
  errors: PollErrors,
): Promise<ScalarAnswers> {
  const values = new Map<Oid, SnmpValue>()
  let failure: SnmpFailure | undefined
  const groups: (readonly Oid[])[] = [oids]
  for (let group = groups.shift(); group; group = groups.shift()) {
    if (group.length === 0) continue
    const reply = await session.get(group)
    if (reply.ok) {
      // By name, not by place: an agent that answers another question gives no value to this one.
      for (const { oid, value } of reply.varbinds) if (group.includes(oid)) values.set(oid, value)
      continue
    }
    if (reply.code !== 'snmp-too-big' && reply.code !== 'snmp-error-status') return { values, failure: reply }
    const blamed = group[(reply.errorIndex ?? 0) - 1]
    if (blamed !== undefined || group.length === 1) {
      const dropped = blamed ?? group[0]!
      if (reply.errorStatus !== noSuchName) errors.add(reply.code, dropped, reply.detail)
      groups.unshift(group.filter(oid => oid !== dropped))
    } else {
      const middle = Math.ceil(group.length / 2)
      groups.unshift(group.slice(0, middle), group.slice(middle))
    }
    failure = values.size === 0 ? reply : undefined
  }
  return { values, failure: values.size === 0 ? failure : undefined }
}
