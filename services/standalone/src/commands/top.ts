import { parseArgs } from 'node:util'
import { z } from 'zod'
import { type Command, exitCodes, UsageError } from '../command.ts'

const label = z.object({ name: z.string() })
const totals = { octets: z.string(), packets: z.string(), records: z.string() }
const answerSchema = z.object({
  range: z.object({ from: z.string(), to: z.string() }),
  table: z.string(),
  estimated: z.boolean(),
  data: z.array(
    z.object({
      ...totals,
      key: z.record(z.string(), z.union([z.string(), z.number()])),
      /** Absent in answers of an earlier version. */
      labels: z.record(z.string(), label).default({}),
      share: z.number(),
      upperBound: z.object(totals).optional(),
    }),
  ),
  total: z.object(totals),
  unlisted: z.object(totals).optional(),
})
type Answer = z.output<typeof answerSchema>

export const topCommand: Command = {
  summary: 'who uses the network now, from a running system',
  usage: `usage: weir top [options]

Ranks the flow traffic of the last minutes, as the gateway's /api/v1/query/top tells it.

  --gateway URL       the gateway (http://127.0.0.1:8080)
  --by WHAT           source, destination, conversation, service, as, or dimensions joined by commas, such as
                      application, source-site, destination-country, exporter,input-interface, source-mac,
                      customer-vlan, post-nat-source-address, as-path (source)
  --filter WHAT=VALUE only traffic whose dimension has one of the values, joined by commas: source-mac=02:00:5e:00:53:01,
                      as-path=64500; may be given for several dimensions
  --minutes N         how far back (15)
  --tenant ID         one tenant's; all that may be seen without it
  --measure WHAT      octets, packets or records (octets)
  --deduplicate HOW   none, ingress or by-observation-point (none)
  --limit N           rows (10)
  --json              the gateway's answer as it is

Exit: 0 answered, 1 the gateway refused or is not there, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        gateway: { type: 'string', default: 'http://127.0.0.1:8080' },
        by: { type: 'string', default: 'source' },
        filter: { type: 'string', multiple: true, default: [] },
        minutes: { type: 'string', default: '15' },
        tenant: { type: 'string' },
        measure: { type: 'string', default: 'octets' },
        deduplicate: { type: 'string', default: 'none' },
        limit: { type: 'string', default: '10' },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not wanted here`)
    if (!URL.canParse(values.gateway)) throw new UsageError(`"${values.gateway}" is no URL`)
    const minutes = wholeNumber(values.minutes, '--minutes')
    const toMs = Date.now()
    const body = {
      by: values.by.includes(',') ? values.by.split(',') : values.by,
      filters: filtersOf(values.filter),
      measure: values.measure,
      deduplicate: values.deduplicate,
      limit: wholeNumber(values.limit, '--limit'),
      range: { from: new Date(toMs - minutes * 60_000).toISOString(), to: new Date(toMs).toISOString() },
      ...(values.tenant === undefined ? {} : { tenant: values.tenant }),
    }
    const response = await fetch(new URL('/api/v1/query/top', values.gateway), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(30_000)]),
    })
    const text = await response.text()
    if (!response.ok) {
      io.stderr.write(`weir top: the gateway answers ${response.status}: ${text}\n`)
      return exitCodes.failed
    }
    io.stdout.write(values.json ? `${text}\n` : tableOf(answerSchema.parse(JSON.parse(text)), minutes))
    return exitCodes.ok
  },
}

function filtersOf(texts: readonly string[]): Record<string, string[]> {
  return Object.fromEntries(
    texts.map(text => {
      const [, dimension, values] = /^([a-z0-9-]+)=(.+)$/.exec(text) ?? []
      if (!dimension || !values) throw new UsageError(`--filter is a dimension, "=" and values, not "${text}"`)
      return [dimension, values.split(',')]
    }),
  )
}

function wholeNumber(text: string, option: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${option} is a whole number above 0, not "${text}"`)
  return Number(text)
}

function tableOf(answer: Answer, minutes: number): string {
  const names = Object.keys(answer.data[0]?.key ?? {})
  const isBounded = answer.data.some(row => row.upperBound)
  const head = [...names, 'share', 'rate', 'octets', ...(isBounded ? ['at most'] : []), 'packets']
  const rows = answer.data.map(({ key, labels, share, octets, packets, upperBound }) => [
    ...names.map(name => cellOf(key[name], labels[name]?.name)),
    `${(share * 100).toFixed(1)} %`,
    rateText((Number(octets) * 8) / (minutes * 60)),
    octets,
    ...(isBounded ? [upperBound?.octets ?? octets] : []),
    packets,
  ])
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i < names.length ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  const { octets } = answer.total
  const about = `${answer.range.from} to ${answer.range.to}, from ${answer.table}: ${octets} octets in all`
  const unlisted = answer.unlisted ? `, ${answer.unlisted.octets} of them of hosts too many to list` : ''
  return `${[line(head), ...rows.map(line)].join('\n')}\n\n${about}${unlisted}${answer.estimated ? ', estimated from samples' : ''}\n`
}

/** `Gi0/0/1 (3)`, `3`; names are devices' own and must not steer a terminal. */
function cellOf(value: string | number | undefined, name: string | undefined): string {
  if (name === undefined) return String(value ?? '') || '-'
  return `${name.replace(/\p{Cc}/gu, '\ufffd')} (${value})`
}

function rateText(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']
  let value = bitsPerSecond
  let unit = 0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}
