import { errorStatusNumber, type Oid, type SnmpValue, type Varbind } from '../../../libs/snmp/src/index.ts'
import type { SnmpReply, SnmpSession, SnmpSuccess } from './snmp-transport.ts'

const noSuchName = errorStatusNumber('noSuchName')

/**
 * Gives a v1 session the manner of v2c, as RFC 3584 §4 describes it for proxies: GetBulk becomes one GetNext, and
 * noSuchName, which in v1 refuses the whole request, becomes the exception of the one varbind it blames.
 */
export function withVersion1(session: SnmpSession): SnmpSession {
  return {
    get: oids => withoutRefused(oids, asked => session.get(asked), { type: 'noSuchInstance' }),
    getNext: oids => withoutRefused(oids, asked => session.getNext(asked), { type: 'endOfMibView' }),
    getBulk: oids => withoutRefused(oids, asked => session.getNext(asked), { type: 'endOfMibView' }),
    cancel: () => session.cancel(),
    close: () => session.close(),
  }
}

/** Asks without the OID that was refused, at most once for each, and puts `substitute` in its place. */
async function withoutRefused(
  oids: readonly Oid[],
  ask: (oids: readonly Oid[]) => Promise<SnmpReply>,
  substitute: SnmpValue,
): Promise<SnmpReply> {
  const rest = [...oids]
  const refused = new Set<Oid>()
  let attempts = 0
  while (rest.length > 0) {
    const reply = await ask(rest)
    attempts += reply.attempts
    if (reply.ok) return { ...merged(oids, refused, reply, substitute), attempts }
    const blamed = reply.errorStatus === noSuchName ? rest[(reply.errorIndex ?? 0) - 1] : undefined
    if (blamed === undefined) return { ...reply, attempts }
    refused.add(blamed)
    rest.splice(rest.indexOf(blamed), 1)
  }
  return { ok: true, varbinds: oids.map(oid => ({ oid, value: substitute })), bytes: 0, attempts }
}

function merged(
  oids: readonly Oid[],
  refused: ReadonlySet<Oid>,
  reply: SnmpSuccess,
  substitute: SnmpValue,
): SnmpSuccess {
  if (refused.size === 0) return reply
  let next = 0
  const varbinds = oids.map((oid): Varbind | undefined =>
    refused.has(oid) ? { oid, value: substitute } : reply.varbinds[next++],
  )
  return { ...reply, varbinds: varbinds.filter(one => one !== undefined) }
}
