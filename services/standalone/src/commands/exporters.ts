import { parseArgs } from 'node:util'
import { type Command, exitCodes } from '../command.ts'
import { gatewayAddress, gatewayOptions, gatewayUsage, listAll } from './gateway-client.ts'
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
}

export const exportersCommand: Command = {
  summary: 'lists the exporters of a running gateway and how well their export works',
  usage: `usage: weir exporters [--json] [options]

${gatewayUsage}

Columns: loss is the share of sequence units missing in five minutes; held the data sets that wait for a template; timeout
the active timeout as learned. What they mean: docs/reference/exporters.md.
Exit: 0, 1 where no gateway answered, 2 usage.`,
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: gatewayOptions })
    const parameters: Record<string, string> = values.tenant === undefined ? {} : { tenant: values.tenant }
    const items = await listAll<ExporterItem>(gatewayAddress(values), '/exporters', parameters)
    if (values.json) io.stdout.write(`${JSON.stringify(items, null, 2)}\n`)
    else io.stdout.write(`${textTable([head, ...items.map(row)]).join('\n')}\n`)
    return exitCodes.ok
  },
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
  const seen = `${lastSeenAt.slice(0, 19)}Z`
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
