import { parseArgs } from 'node:util'
import { z } from 'zod'
import { configYaml, redactConfig } from '../../../../libs/kernel/src/index.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'
import { firmwarePolicyOf, readWeirConfig, type WeirConfig, weirConfigSchema } from '../config.ts'

export const configCommand: Command = {
  summary: 'checks the configuration, prints it whole, or its JSON Schema',
  usage: `usage: weir config check [--config FILE]
       weir config dump  [--config FILE]
       weir config schema

Without --config it reads ./weir.yaml and conf.d/*.yaml where they exist, as the services do.

  check    every problem with its place, or what there is; run it before a reload
  dump     the configuration with every default, as YAML; secrets are replaced
  schema   JSON Schema of weir.yaml, for editors

Exit: 0, 2 for a configuration with problems or wrong usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const [action = 'check', ...more] = positionals
    if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many`)
    switch (action) {
      case 'check': {
        const config = readWeirConfig(values.config)
        // Lists of advisories are files of their own, read at start and at a reload.
        firmwarePolicyOf(config)
        io.stdout.write(`${summaryOf(config)}\n`)
        return exitCodes.ok
      }
      case 'dump':
        io.stdout.write(configYaml(redactConfig(weirConfigSchema, readWeirConfig(values.config))))
        return exitCodes.ok
      case 'schema': {
        const schema = z.toJSONSchema(weirConfigSchema, { io: 'input', unrepresentable: 'any' })
        io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`)
        return exitCodes.ok
      }
      default:
        throw new UsageError(`"${action}" is none of check, dump, schema`)
    }
  },
}

function summaryOf({ tenants, sites, devices, circuits, probes, poller, collector }: WeirConfig): string {
  const polled = devices.filter(({ snmp }) => snmp).length
  const unknown = devices.filter(({ snmp }) => snmp && !Object.hasOwn(poller.auths, snmp.auth))
  const counts = [
    `${tenants.length} tenants, ${sites.length} sites, ${devices.length} devices (${polled} polled)`,
    `${circuits.length} circuits, ${probes.length} probes, ${collector.exporters.length} exporters`,
  ]
  const warnings = unknown.map(
    ({ id, snmp }) => `\nwarning: devices.${id}: poller.auths has no "${snmp!.auth}", so it cannot be polled`,
  )
  return `the configuration is good: ${counts.join(', ')}${warnings.join('')}`
}
