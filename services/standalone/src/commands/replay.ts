import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { idPattern } from '../../../../libs/model/src/index.ts'
import { isCapture, readDatagrams } from '../../../../libs/wire/src/index.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'
import { planAddresses } from '../replay/address-plan.ts'
import { canSeeReceivers, receiveQueue } from '../replay/receive-queue.ts'
import { isLocal, replay, replayable } from '../replay/replay.ts'

export const replayCommand: Command = {
  summary: 'sends the flow export of a capture to a collector',
  usage: `usage: weir replay FILE [options]

Sends the flow datagrams of a pcap or pcapng file, each exporter's from an address of its own in 127.100.0.0/16. The
original addresses are written to the collector's address table before, so that exporters keep their identity.
Times are shifted so that the capture ends now, all by the same: header clocks and absolute times of records.

  --to ADDRESS        where to send (127.0.0.1)
  --port PORT         to this port instead of the capture's
  --speed N           the capture's own pace, N times as fast; without it as fast as the collector reads
  --keep-time         leave all times as they are
  --tenant ID         whose exporters these are (replay)
  --data DIR          the collector's data folder (./data); its address table is DIR/exporter-addresses.json
  --address-table F   another address table
  --all               also datagrams that are no flow export

Prints a summary as JSON. Exit: 0 all was sent, 1 it was not, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string' },
        speed: { type: 'string' },
        'keep-time': { type: 'boolean', default: false },
        tenant: { type: 'string', default: 'replay' },
        data: { type: 'string', default: './data' },
        'address-table': { type: 'string' },
        all: { type: 'boolean', default: false },
      },
    })
    const [file, ...more] = positionals
    if (!file || more.length > 0) throw new UsageError('one capture file is wanted')
    if (!idPattern.test(values.tenant)) throw new UsageError(`"${values.tenant}" cannot be a tenant's id`)
    const port = values.port === undefined ? undefined : numberIn(values.port, '--port', 1, 65_535)
    const speed = values.speed === undefined ? undefined : numberIn(values.speed, '--speed', 0.001, 1_000_000)

    const { chosen, skipped } = await flowsOf(file, values.all)
    const ports = [...new Set(chosen.map(({ destinationPort }) => port ?? destinationPort))]
    refuseDeafPorts(values.to, ports)
    const table = values['address-table'] ?? join(values.data, 'exporter-addresses.json')
    const exporters = [...new Set(chosen.map(({ source }) => source))]
    const addresses = values.to.startsWith('127.')
      ? await planAddresses(table, values.tenant, exporters)
      : new Map<string, string>()
    if (addresses.size === 0 && exporters.length > 0)
      io.stderr.write(
        `weir replay: ${values.to} is not on 127.0.0.0/8: all exporters are sent from this machine's address\n`,
      )
    const summary = await replay(chosen, addresses, {
      to: values.to,
      ...(port === undefined ? {} : { port }),
      ...(speed === undefined ? {} : { speed }),
      keepTime: values['keep-time'],
      signal: io.signal,
      nowMs: () => Date.now(),
    })
    io.stdout.write(`${JSON.stringify({ ...summary, skipped })}\n`)
    return summary.datagrams === chosen.length ? exitCodes.ok : exitCodes.failed
  },
}

async function flowsOf(file: string, all: boolean): Promise<ReturnType<typeof replayable>> {
  const capture = await readFile(file)
  if (!isCapture(capture)) throw new Error(`${file} is no pcap or pcapng file`)
  return replayable(readDatagrams(capture), all)
}

function refuseDeafPorts(to: string, ports: readonly number[]): void {
  if (!isLocal(to) || !canSeeReceivers()) return
  const deaf = ports.filter(port => !receiveQueue(port))
  if (deaf.length > 0)
    throw new Error(
      `nobody listens on port ${deaf.join(', ')} of this machine: start the collector, or name its port by --port`,
    )
}

function numberIn(text: string, option: string, min: number, max: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= min && value <= max))
    throw new UsageError(`${option} wants a number from ${min} to ${max}, not "${text}"`)
  return value
}
