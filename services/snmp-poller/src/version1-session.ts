import {
  errorStatusNumber,
  type ObjectName,
  oidOf,
  type SnmpValue,
  type Varbind,
  VarbindList,
} from '../../../libs/snmp/src/index.ts'
import type { SnmpReply, SnmpSession, SnmpSuccess } from './snmp-transport.ts'

const noSuchName = errorStatusNumber('noSuchName')

/**
 * Gives a v1 session the manner of v2c, as RFC 3584 §4 describes it for proxies: GetBulk becomes one GetNext, and
 * noSuchName, which in v1 refuses the whole request, becomes the exception of the one varbind it blames.
 */
export function withVersion1(session: SnmpSession): SnmpSession {
  return {
    get: names => withoutRefused(names, asked => session.get(asked), { type: 'noSuchInstance' }),
    getNext: names => withoutRefused(names, asked => session.getNext(asked), { type: 'endOfMibView' }),
    getBulk: names => withoutRefused(names, asked => session.getNext(asked), { type: 'endOfMibView' }),
    cancel: () => session.cancel(),
    close: () => session.close(),
  }
}

/** Asks without the OID that was refused, at most once for each, and puts `substitute` in its place. */
async function withoutRefused(
  names: readonly ObjectName[],
  ask: (names: readonly ObjectName[]) => Promise<SnmpReply>,
  substitute: SnmpValue,
): Promise<SnmpReply> {
  const rest = [...names]
  const refused = new Set<ObjectName>()
  let attempts = 0
  while (rest.length > 0) {
    const reply = await ask(rest)
    attempts += reply.attempts
    if (reply.ok) return { ...merged(names, refused, reply, substitute), attempts }
    const blamed = reply.errorStatus === noSuchName ? rest[(reply.errorIndex ?? 0) - 1] : undefined
    if (blamed === undefined) return { ...reply, attempts }
    refused.add(blamed)
    rest.splice(rest.indexOf(blamed), 1)
  }
  const varbinds = VarbindList.of(names.map(name => ({ oid: oidOf(name), value: substitute })))
  return { ok: true, varbinds, bytes: 0, attempts }
}

function merged(
  names: readonly ObjectName[],
  refused: ReadonlySet<ObjectName>,
  reply: SnmpSuccess,
  substitute: SnmpValue,
): SnmpSuccess {
  if (refused.size === 0) return reply
  const came = [...reply.varbinds]
  let next = 0
  const varbinds = names.map((name): Varbind | undefined =>
    refused.has(name) ? { oid: oidOf(name), value: substitute } : came[next++],
  )
  return { ...reply, varbinds: VarbindList.of(varbinds.filter(one => one !== undefined)) }
}
