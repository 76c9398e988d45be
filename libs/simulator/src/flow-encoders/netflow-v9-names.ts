import { datagramOctetsMax } from './flow-record.ts'
import { type NetflowV9Header, netflowV9Datagram, padded, wordSet } from './netflow-v9.ts'

/*
 * Names as Cisco's `option interface-table` and `option vrf-table` export them: options data of scope System (RFC 3954
 * §6.1), texts of a fixed length filled up with zeros.
 *
 *   interface = system u32, ifIndex (10) u32, interfaceName (82) 32 octets, interfaceDescription (83) 64 octets
 *   vrf       = system u32, ingressVRFID (234) u32, VRFname (236) 32 octets
 */

/** A table of names: its template, and what stands in one record, beside the scope. */
interface NameTable {
  templateId: number
  numberElement: number
  texts: readonly (readonly [element: number, octets: number])[]
}

const interfaceTable: NameTable = {
  templateId: 259,
  numberElement: 10,
  texts: [
    [82, 32],
    [83, 64],
  ],
}
const vrfTable: NameTable = { templateId: 260, numberElement: 234, texts: [[236, 32]] }

export interface AnnouncedNames {
  interfaces: readonly (readonly [ifIndex: number, name: string, description: string])[]
  vrfs: readonly (readonly [id: number, name: string])[]
}

const headersOctets = 20 + 4

/**
 * Datagrams with the names, each with its own template before its data.
 * @param header of the next datagram; called once for each
 */
export function encodeNetflowV9Names(header: () => NetflowV9Header, names: AnnouncedNames): Buffer[] {
  return [...tableOf(header, interfaceTable, names.interfaces), ...tableOf(header, vrfTable, names.vrfs)]
}

function tableOf(
  header: () => NetflowV9Header,
  table: NameTable,
  rows: readonly (readonly [number: number, ...texts: string[]])[],
): Buffer[] {
  const template = templateOf(table)
  const recordOctets = 8 + table.texts.reduce((sum, [, octets]) => sum + octets, 0)
  const rowsMax = Math.floor((datagramOctetsMax - headersOctets - template.length) / recordOctets)
  const datagrams: Buffer[] = []
  for (let from = 0; from < rows.length; from += rowsMax) {
    const some = rows.slice(from, from + rowsMax)
    const data = Buffer.alloc(padded(4 + some.length * recordOctets))
    data.writeUInt16BE(table.templateId, 0)
    data.writeUInt16BE(data.length, 2)
    for (const [i, row] of some.entries()) writeRow(data, 4 + i * recordOctets, table, row)
    datagrams.push(netflowV9Datagram(header(), some.length + 1, [template, data]))
  }
  return datagrams
}

function templateOf({ templateId, numberElement, texts }: NameTable): Buffer {
  const options = [[numberElement, 4], ...texts]
  return wordSet(1, [templateId, 4, options.length * 4, 1, 4, ...options.flat()])
}

function writeRow(
  data: Buffer,
  at: number,
  { texts }: NameTable,
  [number, ...values]: readonly [number, ...string[]],
): void {
  data.writeUInt32BE(1, at)
  data.writeUInt32BE(number, at + 4)
  let to = at + 8
  for (const [i, [, octets]] of texts.entries()) {
    data.write(values[i] ?? '', to, octets, 'utf8')
    to += octets
  }
}
