import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Octets that are in memory at a time. */
const pieceLength = 1_048_576
/** What tells a format: no magic number is longer. */
const headLength = 24

/** The name that stands for standard input. */
export const standardInput = '-'

/** A file's octets piece by piece, unpacked where they are gzipped; the first piece holds at least the magic number. */
export async function* piecesOf(
  path: string,
  stdin: NodeJS.ReadableStream = process.stdin,
): AsyncGenerator<Uint8Array, void> {
  // Not as /dev/stdin: where standard input is a socket, as under Node and sshd, that cannot be opened.
  const source = path === standardInput ? stdin : createReadStream(path, { highWaterMark: pieceLength })
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const head = await headOf(pieces)
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* withHead(head, pieces)
    return
  }
  const unpacked = createGunzip({ chunkSize: pieceLength })
  // Errors of either come out of the iteration below.
  pipeline(Readable.from(withHead(head, pieces)), unpacked, () => {})
  const inner = unpacked[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  yield* withHead(await headOf(inner), inner)
}

async function headOf(pieces: AsyncIterator<Buffer>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < headLength) {
    const next = await pieces.next()
    if (next.done) break
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value])
  }
  return head
}

async function* withHead(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  yield head
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value
}

const magics: readonly (readonly [octets: string, what: string])[] = [
  ['736e6f6f7000', 'a snoop file: convert it with editcap -F pcap'],
  ['474d4255', 'a Network Monitor file: convert it with editcap -F pcap'],
  ['52545353', 'a Network Monitor file: convert it with editcap -F pcap'],
  ['0ca5', 'a file of nfdump: flows that were decoded before'],
  ['a50c', 'a file of nfdump: flows that were decoded before'],
  ['28b52ffd', 'compressed with zstd: unpack it first'],
  ['fd377a585a00', 'compressed with xz: unpack it first'],
  ['425a68', 'compressed with bzip2: unpack it first'],
  ['04224d18', 'compressed with lz4: unpack it first'],
  ['504b0304', 'a zip archive: unpack it first'],
]

/** What the file is, where it is known to be something else. */
export function foreignFormat(octets: Uint8Array): string | undefined {
  const head = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, 8)).toString('hex')
  return magics.find(([magic]) => head.startsWith(magic))?.[1]
}

/**
 * Ports of services that share captures with flows. Their first octets are numbers of their own: a DNS query with id 5 would
 * be read as NetFlow v5.
 */
const otherServices = new Set([
  53, 67, 68, 69, 88, 123, 137, 138, 161, 162, 319, 320, 389, 443, 500, 514, 520, 521, 546, 547, 646, 1_645, 1_646,
  1_701, 1_812, 1_813, 1_900, 3_784, 3_799, 4_500, 4_789, 5_060, 5_353, 5_355, 6_081,
])

/** Where collectors listen. */
const flowPorts = new Set([2_055, 2_056, 4_432, 4_739, 4_740, 6_343, 9_555, 9_991, 9_993, 9_994, 9_995, 9_996, 9_997])

export function isOtherService(sourcePort: number, destinationPort: number): boolean {
  return otherServices.has(destinationPort) || (otherServices.has(sourcePort) && !flowPorts.has(destinationPort))
}
