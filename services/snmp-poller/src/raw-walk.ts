import { type Column, formatOid, isWithin, type Oid, type Varbind } from '../../../libs/snmp/src/index.ts'
import type { SnmpFailure, SnmpSession } from './snmp-transport.ts'
import { WalkPace } from './walk-pace.ts'

export interface RawWalkOptions {
  readonly root: Oid
  readonly varbindsMax: number
}

/** How a walk ended: at the end of the subtree, or why not. */
export type RawWalkEnd =
  | { readonly complete: true }
  | { readonly complete: false; readonly code: SnmpFailure['code']; readonly detail: string }

/** Yields what lies under `root`, in order; ends on any agent, as `walkTable` does. The root itself counts, if it is a leaf. */
export async function* rawWalk(session: SnmpSession, options: RawWalkOptions): AsyncGenerator<Varbind[], RawWalkEnd> {
  const pace = new WalkPace()
  const any: Column = { name: '', oid: options.root, type: 'octets' }
  let last = options.root
  let count = 0
  const leaf = await session.get([options.root])
  const itself = leaf.ok ? leaf.varbinds.at(0) : undefined
  if (itself?.oid === options.root && 'value' in itself.value) yield [itself]
  for (;;) {
    const repetitions = pace.repetitions([any])
    const reply = await session.getBulk([last], 0, repetitions)
    if (!reply.ok) {
      if (reply.code === 'snmp-too-big' && pace.tooBig(repetitions, 1)) continue
      if (reply.code === 'snmp-timeout' && pace.silence(repetitions)) continue
      return { complete: false, code: reply.code, detail: reply.detail }
    }
    pace.learn(reply.bytes, reply.varbinds.bytes, reply.varbinds.length)
    if (reply.varbinds.length === 0)
      return { complete: false, code: 'walk-empty-reply', detail: `after ${formatOid(last)}` }
    const batch: Varbind[] = []
    for (const varbind of reply.varbinds) {
      if (varbind.value.type === 'endOfMibView' || !isWithin(varbind.oid, options.root)) {
        yield batch
        return { complete: true }
      }
      if (varbind.oid <= last) {
        yield batch
        const detail = `${formatOid(varbind.oid)} after ${formatOid(last)}`
        return { complete: false, code: 'walk-not-increasing', detail }
      }
      last = varbind.oid
      batch.push(varbind)
      if (++count >= options.varbindsMax) {
        yield batch
        return { complete: false, code: 'walk-rows-max', detail: `${count} variables` }
      }
    }
    yield batch
  }
}
