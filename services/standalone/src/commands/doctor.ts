import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { ConfigError, packageVersion } from '../../../../libs/kernel/src/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { readWeirConfig, type WeirConfig } from '../config.ts'
import { checkConfiguration } from '../doctor/check-config.ts'
import { checkExporters, type SeenExporter, type WaitingExporter } from '../doctor/check-exporters.ts'
import { checkHost } from '../doctor/check-host.ts'
import { checkProcess } from '../doctor/check-process.ts'
import { type Finding, fail, ok } from '../doctor/finding.ts'
import { defaultStatusPort } from '../system.ts'
import { gatewayAddress, listAll } from './gateway-client.ts'

export const doctorCommand: Command = {
  summary: 'looks for what is wrong with this host, the configuration, the running system and its exporters',
  usage: `usage: weir doctor [--config FILE] [--gateway URL] [--status URL] [--json]

Prints a line for each finding, what to do below it, and asks nothing but this host and the running system.

  --config FILE   configuration (./weir.yaml and conf.d/*.yaml where they exist)
  --gateway URL   of the running gateway; else the one of the configuration
  --status URL    status address of the process, http://127.0.0.1:9470 by default
  --json          the findings as a JSON array of {level, check, text, fix}

Exit: 0, 1 where something fails, 2 usage.`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        gateway: { type: 'string' },
        status: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const findings = await look(values)
    if (values.json) io.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
    else
      io.stdout.write(`${[`weir ${packageVersion}, node ${process.version}`, ...findings.flatMap(lines)].join('\n')}\n`)
    return findings.some(({ level }) => level === 'fail') ? exitCodes.failed : exitCodes.ok
  },
}

async function look(values: { config?: string; gateway?: string; status?: string }): Promise<Finding[]> {
  let config: WeirConfig
  try {
    config = readWeirConfig(values.config)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    return cause.problems.map(problem => fail('configuration', problem, 'correct it, then weir config check'))
  }
  const { host, port } = config.status
  const status = values.status ?? `http://${isIP(host) === 6 ? `[${host}]` : host}:${port ?? defaultStatusPort()}`
  return [
    ok('configuration', 'every key is known and every value is possible'),
    ...checkConfiguration(config),
    ...checkHost(config),
    ...(await checkProcess(status.replace(/\/+$/, ''))),
    ...(await checkGateway(gatewayAddress(values))),
  ]
}

async function checkGateway(address: string): Promise<Finding[]> {
  try {
    const known = await listAll<SeenExporter>(address, '/exporters', {})
    return checkExporters(known, await listAll<WaitingExporter>(address, '/unknown-exporters', {}))
  } catch (cause) {
    return [fail('gateway', (cause as Error).message, 'start it, or give --gateway URL')]
  }
}

function lines({ level, check, text, fix }: Finding): string[] {
  const first = `${`[${level}]`.padEnd(6)} ${check.padEnd(13)} ${text}`
  return fix === '' ? [first] : [first, `${' '.repeat(21)}→ ${fix}`]
}
