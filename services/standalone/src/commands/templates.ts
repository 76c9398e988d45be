import { parseArgs } from 'node:util'
import { parseExporterId } from '../../../../libs/model/src/index.ts'
import { type Command, exitCodes } from '../command.ts'
import type { ExporterItem } from './exporters.ts'
import { gatewayAddress, gatewayOptions, gatewayUsage, listAll } from './gateway-client.ts'
import { textTable } from './text-table.ts'

interface TemplateItem {
  exporterId: string
  sourcePort: number
  protocol: string
  observationDomainId: number
  templateId: number
  options: boolean
  scopeFields: number
  changedAt: string
  fields: { name: string; length: number }[]
}

export const templatesCommand: Command = {
  summary: 'lists the flow templates that a running gateway knows, with their fields',
  usage: `usage: weir templates [EXPORTER …] [--json] [options]

Of all exporters, or of those given by id (tenant/collector/address) or by address.

${gatewayUsage}

Exit: 0, 1 where no gateway answered or no exporter is so called, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: gatewayOptions })
    const address = gatewayAddress(values)
    const parameters: Record<string, string> = values.tenant === undefined ? {} : { tenant: values.tenant }
    const exporters = (await listAll<ExporterItem>(address, '/exporters', parameters)).map(one => one.exporterId)
    const missing = positionals.filter(name => !exporters.some(id => isCalled(id, name)))
    const wanted = exporters.filter(id => positionals.length === 0 || positionals.some(name => isCalled(id, name)))
    const templates: TemplateItem[] = []
    for (const id of wanted) {
      templates.push(...(await listAll<TemplateItem>(address, `/exporters/${encodeURIComponent(id)}/templates`, {})))
    }
    if (values.json) io.stdout.write(`${JSON.stringify(templates, null, 2)}\n`)
    else io.stdout.write(`${textTable([head, ...templates.map(row)]).join('\n')}\n`)
    for (const name of missing) io.stderr.write(`weir templates: there is no exporter ${name}\n`)
    return missing.length > 0 ? exitCodes.failed : exitCodes.ok
  },
}

const head = ['exporter', 'port', 'protocol', 'domain', 'template', 'kind', 'since', 'fields']

function isCalled(exporterId: string, name: string): boolean {
  return exporterId === name || parseExporterId(exporterId).address === name
}

function row(one: TemplateItem): string[] {
  const fields = one.fields.map(({ name, length }) => `${name}(${length === 65_535 ? 'v' : length})`)
  const scope = fields.slice(0, one.scopeFields)
  return [
    one.exporterId,
    String(one.sourcePort),
    one.protocol,
    String(one.observationDomainId),
    String(one.templateId),
    one.options ? 'options' : 'data',
    `${one.changedAt.slice(0, 19)}Z`,
    [...scope.map(text => `scope ${text}`), ...fields.slice(one.scopeFields)].join(' '),
  ]
}
