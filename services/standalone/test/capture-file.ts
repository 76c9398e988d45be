export interface TestDatagram {
  timestampMs: number
  source: string
  sourcePort: number
  destinationPort: number
  payload: Uint8Array
}

/** A pcap file (LINKTYPE_RAW, microseconds) of IPv4 UDP datagrams. */
export function pcapOf(datagrams: readonly TestDatagram[]): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262_144, 16)
  header.writeUInt32LE(101, 20)
  return Buffer.concat([header, ...datagrams.flatMap(datagram => [recordHeader(datagram), packet(datagram)])])
}

function recordHeader({ timestampMs, payload }: TestDatagram): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(timestampMs / 1_000), 0)
  header.writeUInt32LE((timestampMs % 1_000) * 1_000, 4)
  header.writeUInt32LE(payload.length + 28, 8)
  header.writeUInt32LE(payload.length + 28, 12)
  return header
}

function packet({ source, sourcePort, destinationPort, payload }: TestDatagram): Buffer {
  const bytes = Buffer.alloc(28 + payload.length)
  bytes[0] = 0x45
  bytes.writeUInt16BE(bytes.length, 2)
  bytes[8] = 64
  bytes[9] = 17
  bytes.set(source.split('.').map(Number), 12)
  bytes.set([198, 51, 100, 1], 16)
  bytes.writeUInt16BE(sourcePort, 20)
  bytes.writeUInt16BE(destinationPort, 22)
  bytes.writeUInt16BE(8 + payload.length, 24)
  bytes.set(payload, 28)
  return bytes
}

/** A NetFlow v5 datagram without records: the header is what a replay touches. */
export function v5(seconds: number, sequence: number): Buffer {
  const bytes = Buffer.alloc(24 + 48)
  bytes.writeUInt16BE(5, 0)
  bytes.writeUInt16BE(1, 2)
  bytes.writeUInt32BE(3_600_000, 4)
  bytes.writeUInt32BE(seconds, 8)
  bytes.writeUInt32BE(sequence, 16)
  return bytes
}

/** An IPFIX message: a template of flowStartMilliseconds, an element of variable length, flowEndSeconds; one record. */
export function ipfix(seconds: number, startMs: number, text: string): Buffer {
  const template = Buffer.alloc(4 + 4 + 12)
  template.writeUInt16BE(2, 0)
  template.writeUInt16BE(template.length, 2)
  template.writeUInt16BE(400, 4)
  template.writeUInt16BE(3, 6)
  for (const [i, [element, length]] of [[152, 8] as const, [82, 65_535] as const, [151, 4] as const].entries()) {
    template.writeUInt16BE(element, 8 + i * 4)
    template.writeUInt16BE(length, 10 + i * 4)
  }
  const data = Buffer.alloc(4 + 8 + 1 + text.length + 4)
  data.writeUInt16BE(400, 0)
  data.writeUInt16BE(data.length, 2)
  data.writeBigUInt64BE(BigInt(startMs), 4)
  data[12] = text.length
  data.write(text, 13, 'latin1')
  data.writeUInt32BE(Math.floor(startMs / 1_000) + 5, 13 + text.length)
  const header = Buffer.alloc(16)
  header.writeUInt16BE(10, 0)
  header.writeUInt16BE(16 + template.length + data.length, 2)
  header.writeUInt32BE(seconds, 4)
  header.writeUInt32BE(7, 12)
  return Buffer.concat([header, template, data])
}
