import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ParseArgsConfig } from 'node:util'
import { z } from 'zod'
import { loadConfig } from '../../../../libs/kernel/src/index.ts'
import { type SnmpAuth, type SnmpTarget, snmpPollerConfigSchema } from '../../../snmp-poller/src/index.ts'
import { UsageError } from '../command.ts'

/** Arguments of the commands that ask one device. */
export const targetOptions = {
  community: { type: 'string', short: 'c' },
  auth: { type: 'string' },
  config: { type: 'string' },
  port: { type: 'string', short: 'p' },
  'snmp-version': { type: 'string' },
  timeout: { type: 'string' },
  retries: { type: 'string' },
} as const satisfies ParseArgsConfig['options']

export const targetUsage = `  --auth NAME         credentials NAME of poller.auths in the configuration (SNMPv3 only so)
  --config FILE       that configuration; ./weir.yaml unless given
  -c, --community C   community of v1 and v2c. Other users of this host can read a command's arguments:
                      prefer WEIR_SNMP_COMMUNITY in the environment, or "--community -" and the first line of stdin
  --snmp-version V    v1 or v2c (default v2c) with a community
  -p, --port P        UDP port (161)
  --timeout MS        wait for the first reply (2000); a repetition waits half as long again
  --retries N         repetitions (2)`

export interface TargetValues {
  community?: string | undefined
  auth?: string | undefined
  config?: string | undefined
  port?: string | undefined
  'snmp-version'?: string | undefined
  timeout?: string | undefined
  retries?: string | undefined
}

/** @throws UsageError, ConfigError */
export async function snmpTarget(
  host: string | undefined,
  values: TargetValues,
  environment: NodeJS.ProcessEnv,
): Promise<SnmpTarget> {
  if (!host) throw new UsageError('which device? give its address or name')
  return {
    host,
    port: wholeNumber('--port', values.port, 161, 1, 65_535),
    auth: values.auth === undefined ? await communityAuth(values, environment) : namedAuth(values.auth, values.config),
    timeoutMs: wholeNumber('--timeout', values.timeout, 2_000, 10, 600_000),
    retries: wholeNumber('--retries', values.retries, 2, 0, 20),
  }
}

/** What must not appear in output. */
export function secretsOf(auth: SnmpAuth): string[] {
  const secrets = auth.version === 'v3' ? [auth.authKey, auth.privKey] : [auth.community]
  return secrets.filter(secret => secret !== undefined)
}

/** @throws UsageError */
export async function communityAuth(
  values: Pick<TargetValues, 'community' | 'snmp-version'>,
  environment: NodeJS.ProcessEnv,
): Promise<SnmpAuth> {
  const version = values['snmp-version'] ?? 'v2c'
  if (version !== 'v1' && version !== 'v2c') {
    throw new UsageError('--snmp-version is v1 or v2c; SNMPv3 takes its credentials from --auth NAME')
  }
  const given = values.community === '-' ? await firstLineOfStdin() : values.community
  return { version, community: given ?? environment.WEIR_SNMP_COMMUNITY ?? 'public' }
}

const pollerSection = z.looseObject({ poller: snmpPollerConfigSchema.prefault({}) })

function namedAuth(name: string, file: string | undefined): SnmpAuth {
  const path = file ?? 'weir.yaml'
  if (file === undefined && !existsSync(path)) throw new UsageError(`--auth needs a configuration: there is no ${path}`)
  const { auths } = loadConfig(pollerSection, [path]).poller
  const auth = Object.hasOwn(auths, name) ? auths[name] : undefined
  if (!auth)
    throw new UsageError(`poller.auths in ${path} has no "${name}"; it has ${Object.keys(auths).join(', ') || 'none'}`)
  return auth
}

/** @throws UsageError */
export function wholeNumber(name: string, text: string | undefined, absent: number, low: number, high: number): number {
  if (text === undefined) return absent
  const value = Number(text)
  if (!Number.isInteger(value) || value < low || value > high) throw new UsageError(`${name} is ${low} to ${high}`)
  return value
}

async function firstLineOfStdin(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    lines.close()
    return line
  }
  throw new UsageError('--community - found nothing on stdin')
}
