import { BerReader, tags } from './ber.ts'
import { BerWriter } from './ber-writer.ts'
import type { Oid } from './oid.ts'
import { type Message, type Pdu, pduTags } from './pdu.ts'
import type { SnmpValue, Varbind } from './value.ts'

/** Encodes one SNMP message of version 1 or 2c with lengths and integers as short as they go. */
export function encodeMessage(message: Message): Buffer {
  writer.reset()
  writePdu(message.pdu)
  writer.octets(tags.octets, message.community)
  writer.integer(message.version === 'v1' ? 0 : 1)
  writer.close(tags.sequence, 0)
  return writer.finish()
}

/** One PDU alone: what a message of version 3 holds. */
export function encodePdu(pdu: Pdu): Buffer {
  writer.reset()
  writePdu(pdu)
  return writer.finish()
}

/** The varbinds one after another, without the header of their list. */
export function encodeVarbinds(varbinds: readonly Varbind[]): Buffer {
  writer.reset()
  for (let i = varbinds.length - 1; i >= 0; i--) writeVarbind(varbinds[i]!)
  return writer.finish()
}

/** The content octets of an OID's TLV. */
export function encodeOid(value: Oid): Uint8Array {
  writer.reset()
  writer.oid(value)
  return new BerReader(writer.finish()).octets(tags.oid)
}

/** Octets that `varbind` takes in a message: for agents that fill a reply up to a size. */
export function encodedVarbindLength(varbind: Varbind): number {
  writer.reset()
  writeVarbind(varbind)
  return writer.mark()
}

/** One for the process: encoding is synchronous, and a buffer per message would cost more than the encoding. */
const writer = new BerWriter()

function writePdu(pdu: Pdu): void {
  const pduMark = writer.mark()
  for (let i = pdu.varbinds.length - 1; i >= 0; i--) writeVarbind(pdu.varbinds[i]!)
  writer.close(tags.sequence, pduMark)
  writeHead(pdu)
  writer.close(pduTags[pdu.kind], pduMark)
}

/** Last field first: the writer goes backwards. */
function writeHead(pdu: Pdu): void {
  if (pdu.kind === 'trapV1') {
    writer.unsigned32(tags.timeTicks, pdu.timestampCs)
    writer.integer(pdu.specificTrap)
    writer.integer(pdu.genericTrap)
    writer.octets(tags.ipAddress, pdu.agentAddress)
    writer.oid(pdu.enterprise)
    return
  }
  if (pdu.kind === 'getBulkRequest') {
    writer.integer(pdu.maxRepetitions)
    writer.integer(pdu.nonRepeaters)
  } else if (pdu.kind === 'response' || pdu.kind === 'report') {
    writer.integer(pdu.errorIndex)
    writer.integer(pdu.errorStatus)
  } else {
    writer.integer(0)
    writer.integer(0)
  }
  writer.integer(pdu.requestId)
}

function writeVarbind(varbind: Varbind): void {
  const mark = writer.mark()
  writeValue(varbind.value)
  writer.oid(varbind.oid)
  writer.close(tags.sequence, mark)
}

function writeValue(value: SnmpValue): void {
  switch (value.type) {
    case 'integer':
      writer.integer(value.value)
      break
    case 'octets':
    case 'ipAddress':
    case 'opaque':
      writer.octets(tags[value.type], value.value)
      break
    case 'oid':
      writer.oid(value.value)
      break
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
      writer.unsigned32(tags[value.type], value.value)
      break
    case 'counter64':
      writer.unsigned64(tags.counter64, value.value)
      break
    case 'null':
    case 'noSuchObject':
    case 'noSuchInstance':
    case 'endOfMibView':
      writer.close(tags[value.type], writer.mark())
      break
    case 'invalid':
      writer.octets(value.tag, value.value)
      break
  }
}
