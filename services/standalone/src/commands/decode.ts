import { access, constants, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  type CapturedDatagram,
  DatagramParser,
  DatagramReader,
  DatagramSplitter,
  defineElements,
  isCapture,
} from '../../../../libs/wire/src/index.ts'
import { type Command, type CommandIo, exitCodes, UsageError } from '../command.ts'
import { foreignFormat, isOtherService, piecesOf, standardInput } from '../decode/input-files.ts'
import { createLineWriter, type LineWriter } from '../decode/line-writer.ts'
import { type DecodeSummary, summarize } from '../decode/summary.ts'
import { readElements } from '../element-definitions.ts'

const usage = `usage: weir decode [options] FILE…

Prints every NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 record of the files as a line of JSON. FILE is a capture (pcap or
pcapng) or raw datagrams, one or several one after the other; either may be gzipped; "-" is standard input. Templates are
kept from file to file, so a file of templates goes first.

  --summary         a last line with counts, sums and errors
  --no-records      no lines of records: for --summary of large captures
  --port PORT       only datagrams to this UDP port; may be given more than once
  --elements FILE   information elements that Weir has no name for: the "elements" of a YAML file, as in weir.yaml

exit code: 0 all datagrams parsed, 1 some did not, 2 wrong usage`

/** Where a raw datagram says nothing of its exporter. */
const unknownExporter = '0.0.0.0'
/** What does not split into datagrams is held to this. */
const rawOctetsMax = 2 ** 26

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
      elements: { type: 'string' },
    },
  })
  if (positionals.length === 0) throw new UsageError('no FILE is given')
  for (const path of positionals) if (path !== standardInput) await checkReadable(path)
  defineElements(values.elements === undefined ? {} : elementsOf(values.elements))
  const decoding = new Decoding(new Set(values.port.map(portOf)), !values['no-records'], io)
  for (const path of positionals) if (!(await decoding.file(path))) return exitCodes.failed
  const summary = decoding.finish()
  if (values.summary) decoding.lines.add(JSON.stringify(summary))
  await decoding.lines.flush()
  return Object.keys(summary.errors).length === 0 ? exitCodes.ok : exitCodes.failed
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`"${text}" is no UDP port`)
  return port
}

async function checkReadable(path: string): Promise<void> {
  try {
    const file = await stat(path)
    if (file.isDirectory()) throw new Error('it is a folder')
    if (file.isSocket()) throw new Error('it is a socket')
    await access(path, constants.R_OK)
  } catch (cause) {
    throw new UsageError(`cannot read ${path}: ${(cause as Error).message}`)
  }
}

function elementsOf(path: string): ReturnType<typeof readElements> {
  try {
    return readElements(path)
  } catch (cause) {
    throw new UsageError(`cannot read the elements of ${path}: ${(cause as Error).message}`)
  }
}

/** Reads file after file through one reader, so that templates are kept from one to the next. */
class Decoding {
  readonly lines: LineWriter
  readonly #reader: DatagramReader
  readonly #ports: ReadonlySet<number>
  readonly #io: CommandIo
  #broken = 0
  #others = 0

  constructor(ports: ReadonlySet<number>, withRecords: boolean, io: CommandIo) {
    this.#ports = ports
    this.#reader = new DatagramReader(withRecords)
    this.#io = io
    this.lines = createLineWriter(io)
  }

  /** @returns false when nobody wants to hear more */
  async file(path: string): Promise<boolean> {
    let capture: DatagramParser | undefined
    let raw: DatagramSplitter | undefined
    const nowMs = Date.now()
    let isWhole = true
    try {
      for await (const piece of piecesOf(path, this.#io.stdin)) {
        if (!capture && !raw) {
          if (isCapture(piece)) capture = new DatagramParser(true)
          else if (this.#isRefused(path, piece)) return true
          else raw = new DatagramSplitter()
        }
        if (capture && !(await this.#capture(capture.push(piece)))) return false
        if (raw && !(await this.#raw(raw.push(piece), nowMs))) return false
        if (raw && raw.heldOctets > rawOctetsMax) throw new Error(`no datagram ends within ${rawOctetsMax} octets`)
      }
    } catch (cause) {
      isWhole = false
      this.#fail(`${path}: ${(cause as Error).message}; what comes before was read`)
    }
    if (capture) {
      if (!(await this.#capture(capture.rest()))) return false
      this.#endCapture(path, capture, isWhole)
    }
    return !raw || (await this.#raw(raw.end(), nowMs))
  }

  finish(): DecodeSummary {
    for (const record of this.#reader.finish()) this.lines.add(JSON.stringify(record))
    if (this.#others > 0) {
      this.#io.stderr.write(
        `weir decode: ${this.#others} datagrams of other services (DNS, NTP, SNMP …) were left out\n`,
      )
    }
    const summary = summarize(this.#reader, this.#broken)
    for (const [code, { exporter, offset, context }] of this.#reader.firstErrors) {
      const where = `in a datagram of ${exporter}, at octet ${offset}${context === '' ? '' : `: ${context}`}`
      this.#io.stderr.write(`weir decode: ${code} (${summary.errors[code]}), first ${where}\n`)
    }
    return summary
  }

  async #capture(datagrams: Iterable<CapturedDatagram>): Promise<boolean> {
    for (const { payload, source, sourcePort, timestampMs, destinationPort } of datagrams) {
      if (this.#ports.size > 0) {
        if (!this.#ports.has(destinationPort)) continue
      } else if (isOtherService(sourcePort, destinationPort)) {
        this.#others++
        continue
      }
      this.#read(payload, source, sourcePort, timestampMs)
      if (this.lines.isFull) await this.lines.flush()
      if (this.#isOver) return false
    }
    return true
  }

  #endCapture(path: string, capture: DatagramParser, isWhole: boolean): void {
    if (isWhole && !capture.end()) this.#fail(`${path} breaks off; what comes before was read`)
    if (capture.streamGaps > 0) {
      this.#fail(`${path} lacks parts of ${capture.streamGaps} messages over TCP or SCTP`)
    }
    for (const [linkType, frames] of capture.unknownLinkTypes) {
      this.#fail(`${path} has ${frames} frames of link type ${linkType}, which are not read`)
    }
  }

  /** @param head the file's first octets */
  #isRefused(path: string, head: Uint8Array): boolean {
    const foreign = foreignFormat(head)
    if (foreign === undefined && !/\.pcap(ng)?(\.gz)?$/.test(path)) return false
    this.#fail(`${path} is no capture file${foreign === undefined ? '' : ` that is read here, but ${foreign}`}`)
    return true
  }

  async #raw(datagrams: Iterable<Uint8Array>, nowMs: number): Promise<boolean> {
    for (const payload of datagrams) {
      this.#read(payload, unknownExporter, 0, nowMs)
      if (this.lines.isFull) await this.lines.flush()
      if (this.#isOver) return false
    }
    return true
  }

  #read(payload: Uint8Array, exporter: string, sourcePort: number, timestampMs: number): void {
    for (const record of this.#reader.read(payload, exporter, sourcePort, timestampMs)) {
      this.lines.add(JSON.stringify(record))
    }
  }

  get #isOver(): boolean {
    return this.#io.signal.aborted || this.lines.isClosed
  }

  #fail(reason: string): void {
    this.#broken++
    this.#io.stderr.write(`weir decode: ${reason}\n`)
  }
}
