import { oidContent, tags } from './ber.ts'
import { BerWriter } from './ber-writer.ts'
import type { Oid } from './oid.ts'
import { pduTags } from './pdu.ts'

/** An OID as the content octets of its TLV, in octets that hold more. */
export interface OidOctets {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** What a request asks for. A walk names the cells it goes on from by the octets of the reply that brought them. */
export type ObjectName = Oid | OidOctets

export function oidOf(name: ObjectName): Oid {
  if (typeof name === 'string') return name
  return oidContent(name.bytes, name.start, name.end - name.start).oid ?? ('' as Oid)
}

export interface Request {
  readonly kind: 'getRequest' | 'getNextRequest' | 'getBulkRequest'
  readonly names: readonly ObjectName[]
  /** Both 0 unless it is a GetBulk. */
  readonly nonRepeaters: number
  readonly maxRepetitions: number
}

/** A message of version 1 or 2c. */
export function encodeRequest(
  version: 'v1' | 'v2c',
  community: Uint8Array,
  requestId: number,
  request: Request,
): Buffer {
  writer.reset()
  writeRequestPdu(writer, requestId, request)
  writer.octets(tags.octets, community)
  writer.integer(version === 'v1' ? 0 : 1)
  writer.close(tags.sequence, 0)
  return writer.finish()
}

export function writeRequestPdu(into: BerWriter, requestId: number, request: Request): void {
  const mark = into.mark()
  const { names } = request
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]!
    if (typeof name === 'string') {
      const varbindMark = into.mark()
      into.close(tags.null, varbindMark)
      into.oid(name)
      into.close(tags.sequence, varbindMark)
    } else {
      into.nameAsked(name.bytes, name.start, name.end)
    }
  }
  into.close(tags.sequence, mark)
  into.integer(request.maxRepetitions)
  into.integer(request.nonRepeaters)
  into.integer(requestId)
  into.close(pduTags[request.kind], mark)
}

/** One for the process, as in `encodeMessage`. */
const writer = new BerWriter()
