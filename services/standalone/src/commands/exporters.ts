import { parseArgs } from 'node:util'
import { type Command, type CommandIo, exitCodes, UsageError } from '../command.ts'
import { gatewayAddress, gatewayOptions, gatewayUsage, listAll, postJson } from './gateway-client.ts'
import { textTable } from './text-table.ts'

/** What this command reads of an item of `/api/v1/exporters`. */
export interface ExporterItem {
  exporterId: string
  bitsPerSecond: number
  recordsPerSecond: number
  lastSeenAt: string
  health: {
    stale: boolean
    protocols: string[]
    lossRatio: number | null
    templates: { known: number; heldSets: number; refreshMs: number | null }
    samplingRates: number[]
    clockSkewMs: number | null
    activeTimeoutMs: number | null
    errors: Record<string, string>
  } | null
  advice: { code: string; text: string }[]
}

/** What this command reads of an item of `/api/v1/exporters/{exporterId}/names`. */
interface NameItem {
  kind: string
  number: number
  name: string
  description: string
}

/** Names that `show` prints; `names` prints all. */
const namesShown = 40

/** What this command reads of an item of `/api/v1/unknown-exporters`. */
interface UnknownItem {
  exporterId: string
  address: string
  state: 'waiting' | 'rejected'
  listeningPort: number
  protocols: string[]
  lastSeenAt: string
  datagrams: string
  heldDatagrams: string
}

export const exportersCommand: Command = {
  summary: 'lists the exporters of a running gateway, how well their export works, and adopts unknown ones',
  usage: `usage: weir exporters [--json] [options]
       weir exporters show EXPORTER [options]
       weir exporters names EXPORTER [options]
       weir exporters adopt ADDRESS [--tenant ID] [--sampling-rate N] [options]
       weir exporters reject ADDRESS [options]

${gatewayUsage}

Columns: loss is the share of sequence units missing in five minutes; held the data sets that wait for a template; timeout
the active timeout as learned. What they mean: docs/reference/exporters.md.

  show                what is known of one exporter, and what to change on it (id or address)
  names               what it calls its interfaces, VRFs and samplers in options data
  adopt               store what an unknown exporter sends, and what is held of it
  --tenant ID         with adopt: whose it is, instead of its listener's tenant
  --sampling-rate N   with adopt: one in N, for records whose sampling nobody tells
  reject              hold nothing of it

Exit: 0, 1 where no gateway answered or it refused, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...gatewayOptions, 'sampling-rate': { type: 'string' } },
    })
    const [action = 'list', name, ...more] = positionals
    if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many`)
    const address = gatewayAddress(values)
    switch (action) {
      case 'list':
        return await list(address, values, io)
      case 'show':
        return await show(address, wanted(name), values, io)
      case 'names':
        return await listNames(address, wanted(name), values, io)
      case 'adopt':
      case 'reject':
        return await decide(address, action, wanted(name), values, io)
      default:
        throw new UsageError(`"${action}" is none of show, names, adopt, reject`)
    }
  },
}

interface Values {
  tenant?: string | undefined
  json?: boolean | undefined
  'sampling-rate'?: string | undefined
}

function wanted(name: string | undefined): string {
  if (name === undefined) throw new UsageError('which one? Give its address or its id')
  return name
}

async function list(address: string, values: Values, io: CommandIo): Promise<number> {
  const parameters: Record<string, string> = values.tenant === undefined ? {} : { tenant: values.tenant }
  const items = await listAll<ExporterItem>(address, '/exporters', parameters)
  if (values.json) {
    io.stdout.write(`${JSON.stringify(items, null, 2)}\n`)
    return exitCodes.ok
  }
  io.stdout.write(`${textTable([head, ...items.map(row)]).join('\n')}\n`)
  const unknown = await listAll<UnknownItem>(address, '/unknown-exporters', parameters)
  if (unknown.length > 0) {
    io.stdout.write(`\nnot stored, because nobody knows them (weir exporters adopt ADDRESS):\n`)
    io.stdout.write(`${textTable([unknownHead, ...unknown.map(unknownRow)]).join('\n')}\n`)
  }
  return exitCodes.ok
}

async function show(address: string, name: string, values: Values, io: CommandIo): Promise<number> {
  const items = await listAll<ExporterItem>(address, '/exporters', {})
  const item = theOne(items, name, 'exporter')
  if (values.json) {
    io.stdout.write(`${JSON.stringify(item, null, 2)}\n`)
    return exitCodes.ok
  }
  const cells = row(item)
  const facts = head.map((title, i) => [title, cells[i] ?? '-'])
  io.stdout.write(`${textTable(facts).join('\n')}\n`)
  for (const { text } of item.advice) io.stdout.write(`\n${text}\n`)
  if (item.advice.length === 0) io.stdout.write('\nnothing to change on it\n')
  const names = await namesOf(address, item.exporterId)
  if (names.length > 0) {
    io.stdout.write(`\n${textTable([namesHead, ...names.slice(0, namesShown).map(nameRow)]).join('\n')}\n`)
  }
  if (names.length > namesShown) {
    io.stdout.write(`and ${names.length - namesShown} more: weir exporters names ${item.exporterId}\n`)
  }
  return exitCodes.ok
}

async function listNames(address: string, name: string, values: Values, io: CommandIo): Promise<number> {
  // An id is asked for as it is: the exporter may have been silent since before the gateway started.
  const known = await listAll<ExporterItem>(address, '/exporters', {})
  const exporterId = name.split('/').length > 2 ? name : theOne(known, name, 'exporter').exporterId
  const names = await namesOf(address, exporterId)
  const text = values.json ? JSON.stringify(names, null, 2) : textTable([namesHead, ...names.map(nameRow)]).join('\n')
  io.stdout.write(`${text}\n`)
  return exitCodes.ok
}

function namesOf(address: string, exporterId: string): Promise<NameItem[]> {
  return listAll<NameItem>(address, `/exporters/${encodeURIComponent(exporterId)}/names`, {})
}

const namesHead = ['kind', 'number', 'name', 'description']

function nameRow({ kind, number, name, description }: NameItem): string[] {
  return [kind, String(number), name || '-', description]
}

async function decide(
  address: string,
  action: 'adopt' | 'reject',
  name: string,
  values: Values,
  io: CommandIo,
): Promise<number> {
  const rate = values['sampling-rate']
  if (rate !== undefined && !/^[1-9]\d{0,7}$/.test(rate))
    throw new UsageError(`--sampling-rate ${rate} is no whole number`)
  const unknown = await listAll<UnknownItem>(address, '/unknown-exporters', {})
  const { exporterId } = theOne(unknown, name, 'unknown exporter')
  const path = `/unknown-exporters/${encodeURIComponent(exporterId)}/${action}`
  const body = {
    ...(values.tenant === undefined ? {} : { tenantId: values.tenant }),
    ...(rate === undefined ? {} : { samplingRate: Number(rate) }),
  }
  const done = await postJson<{ exporterId: string; decision: string }>(address, path, action === 'adopt' ? body : {})
  io.stdout.write(`${done.exporterId} ${done.decision}\n`)
  return exitCodes.ok
}

/** By id, or by address where it is the only one with it: two clients may use the same. */
function theOne<T extends { exporterId: string }>(items: readonly T[], name: string, what: string): T {
  const found = new Map(
    items
      .filter(one => one.exporterId === name || one.exporterId.endsWith(`/${name}`))
      .map(one => [one.exporterId, one]),
  )
  if (found.size === 0) throw new Error(`there is no ${what} ${name}`)
  if (found.size > 1) throw new Error(`several have this address, give an id: ${[...found.keys()].join(', ')}`)
  return [...found.values()][0]!
}

const head = [
  'exporter',
  'protocols',
  'last seen',
  'Mb/s',
  'records/s',
  'loss',
  'templates',
  'held',
  'sampling',
  'clock',
  'timeout',
  'errors',
]

function row({ exporterId, bitsPerSecond, recordsPerSecond, lastSeenAt, health }: ExporterItem): string[] {
  const rates = [(bitsPerSecond / 1e6).toFixed(2), recordsPerSecond.toFixed(1)]
  const seen = second(lastSeenAt)
  if (!health) return [exporterId, '-', seen, ...rates]
  const errors = Object.values(health.errors).reduce((sum, one) => sum + BigInt(one), 0n)
  return [
    exporterId,
    health.protocols.join(' ') || '-',
    health.stale ? `${seen} silent` : seen,
    ...rates,
    health.lossRatio === null ? '-' : `${(100 * health.lossRatio).toFixed(2)} %`,
    String(health.templates.known),
    String(health.templates.heldSets),
    health.samplingRates.map(rate => (rate === 0 ? 'unknown' : rate === 1 ? 'none' : `1:${rate}`)).join(' ') || '-',
    health.clockSkewMs === null ? '-' : `${(health.clockSkewMs / 1_000).toFixed(1)} s`,
    health.activeTimeoutMs === null ? '-' : `${health.activeTimeoutMs / 1_000} s`,
    String(errors),
  ]
}

const unknownHead = ['exporter', 'port', 'protocols', 'last seen', 'datagrams', 'held', 'state']

function unknownRow(item: UnknownItem): string[] {
  const { exporterId, listeningPort, protocols, lastSeenAt, datagrams, heldDatagrams, state } = item
  return [exporterId, String(listeningPort), protocols.join(' '), second(lastSeenAt), datagrams, heldDatagrams, state]
}

function second(time: string): string {
  return `${time.slice(0, 19)}Z`
}
