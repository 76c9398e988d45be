import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import {
  type CapturedDatagram,
  DatagramReader,
  type ExporterTally,
  isCapture,
  readDatagrams,
  splitDatagrams,
} from '../../../../libs/wire/src/index.ts'
import { type Command, type CommandIo, exitCodes, UsageError } from '../command.ts'

const usage = `usage: weir decode [options] FILE…

Prints every NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 record of the files as a line of JSON. FILE is a capture (pcap or
pcapng, also gzipped) or a raw datagram. Templates are kept from file to file, so a file of templates goes first.

  --summary       a last line with counts, sums and errors
  --no-records    no lines of records: for --summary of large captures
  --port PORT     only datagrams to this UDP port; may be given more than once

exit code: 0 all datagrams parsed, 1 some did not, 2 wrong usage`

/** Where a raw datagram says nothing of its exporter. */
const unknownExporter = '0.0.0.0'
/** Lines are gathered to this many characters before they are written. */
const chunkLength = 65_536
/** Against a file that unpacks for ever. */
const maxOutputLength = 2 ** 31

export const decodeCommand: Command = {
  summary: 'print the flow records of captures and raw datagrams as JSON',
  usage,
  run,
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      summary: { type: 'boolean', default: false },
      'no-records': { type: 'boolean', default: false },
      port: { type: 'string', multiple: true, default: [] },
    },
  })
  if (positionals.length === 0) throw new UsageError('no FILE is given')
  const ports = new Set(values.port.map(portOf))
  const reader = new DatagramReader(!values['no-records'])
  const lines = createLineWriter(io)
  const broken: string[] = []
  for (const path of positionals) {
    const datagrams = datagramsOf(await load(path), path, reason => broken.push(reason))
    for (const { payload, source, sourcePort, timestampMs, destinationPort } of datagrams) {
      if (ports.size > 0 && !ports.has(destinationPort)) continue
      for (const record of reader.read(payload, source, sourcePort, timestampMs)) lines.add(JSON.stringify(record))
      if (lines.isFull) await lines.flush()
      if (io.signal.aborted || lines.isClosed) return exitCodes.failed
    }
  }
  reader.finish()
  for (const reason of broken) io.stderr.write(`weir decode: ${reason}\n`)
  const summary = summarize(reader, broken.length)
  if (values.summary) lines.add(JSON.stringify(summary))
  await lines.flush()
  return Object.keys(summary.errors).length === 0 ? exitCodes.ok : exitCodes.failed
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`"${text}" is no UDP port`)
  return port
}

async function load(path: string): Promise<Uint8Array> {
  try {
    const octets = await readFile(path)
    return octets[0] === 0x1f && octets[1] === 0x8b ? gunzipSync(octets, { maxOutputLength }) : octets
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${(cause as Error).message}`)
  }
}

function* datagramsOf(
  octets: Uint8Array,
  path: string,
  fail: (reason: string) => void,
): Generator<CapturedDatagram, void> {
  if (isCapture(octets)) {
    const complete = yield* readDatagrams(octets)
    if (!complete) fail(`${path} breaks off; what comes before was read`)
    return
  }
  if (/\.pcap(ng)?(\.gz)?$/.test(path)) {
    fail(`${path} is no capture file`)
    return
  }
  const timestampMs = Date.now()
  for (const payload of splitDatagrams(octets)) {
    const source = unknownExporter
    yield { payload, source, sourcePort: 0, destination: source, destinationPort: 0, timestampMs }
  }
}

interface Summary {
  datagrams: number
  records: number
  optionsRecords: number
  /** 64-bit sums can pass 2^53: decimal strings, as everywhere in Weir's JSON. */
  octets: string
  packets: string
  errors: Record<string, number>
}

function summarize(reader: DatagramReader, broken: number): Summary & { exporters: Record<string, Summary> } {
  const tallies = [...reader.exporters]
  const total = summaryOf(tallies.map(([, tally]) => tally))
  if (broken > 0) total.errors['capture-invalid'] = broken
  return {
    ...total,
    exporters: Object.fromEntries(tallies.map(([exporter, tally]) => [exporter, summaryOf([tally])])),
  }
}

function summaryOf(tallies: readonly ExporterTally[]): Summary {
  const errors = new Map<string, number>()
  let [datagrams, records, optionsRecords] = [0, 0, 0]
  let [octets, packets] = [0n, 0n]
  for (const tally of tallies) {
    datagrams += tally.datagrams
    records += tally.records
    optionsRecords += tally.optionsRecords
    octets += tally.octets
    packets += tally.packets
    for (const [code, count] of tally.errors) errors.set(code, (errors.get(code) ?? 0) + count)
  }
  return {
    datagrams,
    records,
    optionsRecords,
    octets: octets.toString(),
    packets: packets.toString(),
    errors: Object.fromEntries(errors),
  }
}

interface LineWriter {
  add(line: string): void
  readonly isFull: boolean
  /** The reader went away, as `| head` does. */
  readonly isClosed: boolean
  /** Resolves when the stream takes more. */
  flush(): Promise<void>
}

function createLineWriter({ stdout }: CommandIo): LineWriter {
  let pending = ''
  let closed = false
  stdout.on('error', () => {
    closed = true
  })
  return {
    add: line => {
      pending += `${line}\n`
    },
    get isFull() {
      return pending.length >= chunkLength
    },
    get isClosed() {
      return closed
    },
    flush: async () => {
      const text = pending
      pending = ''
      if (text === '' || closed) return
      if (!stdout.write(text)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => {})
    },
  }
}
