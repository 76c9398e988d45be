import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemClock, systemRandom } from '../../../../libs/kernel/src/index.ts'
import { parsePrefix } from '../../../../libs/model/src/index.ts'
import {
  addressesMaxListed,
  addressesMaxUnlisted,
  credentialsFor,
  discover,
  isAllowed,
  type NamedAuth,
  type NeighbourOptions,
  scanPlan,
} from '../../../snmp-poller/src/index.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'
import { type PollingConfig, readPollingConfig } from '../config.ts'
import { dryRun, dryRunText } from '../discovery/dry-run.ts'
import { discoveryForm, inventoryPatch, unnamedAuth } from '../discovery/inventory-patch.ts'
import { placeOf } from '../discovery/place.ts'
import { communityAuth, wholeNumber } from './snmp-target.ts'

export const discoverCommand: Command = {
  summary: 'asks the addresses of networks by SNMP and proposes devices for the inventory',
  usage: `usage: weir discover PREFIX... --auth NAME... [--tenant T] [--site S] [options]
       weir discover --neighbours [PREFIX...] --auth NAME... [options]

Asks each address who it is, at a bounded rate, and prints an inventory patch to review: YAML for a file in conf.d. Nothing
is changed. Addresses outside of discovery.allow are refused; where that is empty, a command may name up to 4096.

  --auth NAME         credentials NAME of poller.auths; may be given again. SNMPv3 is tried first, and whoever answers in it
                      is never told a community
  --tenant T, --site S  where the devices are; needed unless the configuration has only one
  --neighbours        read the LLDP, CDP and ARP tables of what was found, or without a PREFIX of the inventory's devices,
                      and ask whom they know within discovery.allow (within the PREFIXes where that is empty)
  --dry-run           say what would be asked, and send nothing
  --out FILE          write the patch there; never over a file
  --json              what was found, as one JSON object ("weir.discovery.v1")
  --pps N             datagrams a second, at most discovery.packetsPerSecond (50)
  --config FILE       the configuration; ./weir.yaml unless given, and conf.d beside it
  -c, --community C   without --auth: a community of v2c (or v1 by --snmp-version), "-" reads it from stdin;
                      better WEIR_SNMP_COMMUNITY in the environment
  -p, --port P        UDP port (161)
  --timeout MS        wait for the first reply (1000)
  --retries N         repetitions (1)
  --budget MS         cut the poll of one found device after this long (120000)

Exit: 0 somebody answered or it was a dry run, 1 nobody answered or it was interrupted, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        auth: { type: 'string', multiple: true },
        tenant: { type: 'string' },
        site: { type: 'string' },
        neighbours: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        out: { type: 'string' },
        json: { type: 'boolean' },
        pps: { type: 'string' },
        config: { type: 'string' },
        community: { type: 'string', short: 'c' },
        'snmp-version': { type: 'string' },
        port: { type: 'string', short: 'p' },
        timeout: { type: 'string' },
        retries: { type: 'string' },
        budget: { type: 'string' },
      },
    })
    if (positionals.length === 0 && !values.neighbours) {
      throw new UsageError('which prefixes? as in: weir discover 192.0.2.0/24 --auth office')
    }
    const config = readPollingConfig(values.config)
    const plan = scanPlan(positionals, config.discovery.allow)
    if ('problems' in plan) throw new UsageError(plan.problems.join('\n  '))
    const place = placeOf(config, values.tenant, values.site)
    const auths = values.auth
      ? namedAuths(config, values.auth, place.tenant)
      : [{ name: unnamedAuth, auth: await unnamed(values, io.env) }]
    const packetsPerSecond = wholeNumber(
      '--pps',
      values.pps,
      config.discovery.packetsPerSecond,
      1,
      config.discovery.packetsPerSecond,
    )
    const retries = wholeNumber('--retries', values.retries, 1, 0, 5)
    if (values['dry-run']) {
      const within = values.neighbours ? askableOf(config, positionals) : undefined
      const form = dryRun(plan, auths, { packetsPerSecond, retries, neighboursWithin: within })
      io.stdout.write(values.json ? `${JSON.stringify(form, null, 2)}\n` : dryRunText(form))
      return exitCodes.ok
    }
    if (values.out !== undefined && existsSync(values.out))
      throw new UsageError(`${values.out} exists; name another file`)

    const port = wholeNumber('--port', values.port, 161, 1, 65_535)
    const discovery = await discover({
      addresses: plan.addresses,
      auths,
      inventory: config.devices.filter(({ tenant }) => tenant === place.tenant),
      port,
      timeoutMs: wholeNumber('--timeout', values.timeout, 1_000, 10, 60_000),
      retries,
      packetsPerSecond,
      concurrency: config.discovery.concurrency,
      budgetMs: wholeNumber('--budget', values.budget, 120_000, 500, 3_600_000),
      profileFolders: config.poller.profileFolders,
      ...(values.neighbours ? { neighbours: neighboursOf(config, positionals, place.tenant) } : {}),
      clock: systemClock,
      random: systemRandom,
      signal: io.signal,
    })
    const form = discoveryForm(discovery, place)
    const output = values.json
      ? `${JSON.stringify(form, null, 2)}\n`
      : inventoryPatch(discovery, {
          ...place,
          port,
          isFirst: config.tenants.length === 0,
          taken: new Set(config.devices.map(({ id }) => id)),
        })
    if (values.out === undefined) io.stdout.write(output)
    // The flag makes the kernel refuse a file that came meanwhile.
    else writeFileSync(values.out, output, { flag: 'wx' })
    const { counts, refusals, devices } = discovery
    io.stderr.write(
      `weir discover: asked ${counts.asked} addresses with ${counts.datagrams} datagrams: ${counts.answered} answered ` +
        `(${devices.length} devices, ${devices.filter(({ standing }) => standing === 'new').length} new), ` +
        `${refusals.length} took no credentials, ${counts.silent} silent\n`,
    )
    for (const { address, code, detail } of refusals) io.stderr.write(`  ${address}: ${code}: ${detail}\n`)
    if (io.signal.aborted) io.stderr.write('weir discover: interrupted; the rest was not asked\n')
    return counts.answered > 0 && !io.signal.aborted ? exitCodes.ok : exitCodes.failed
  },
}

/** Within which neighbours are asked. */
function askableOf({ discovery }: PollingConfig, prefixes: readonly string[]): readonly string[] {
  return discovery.allow.length > 0 ? discovery.allow : prefixes
}

/** Without a prefix the inventory's devices tell whom they know; with one, what is found there. */
function neighboursOf(config: PollingConfig, prefixes: readonly string[], tenant: string): NeighbourOptions {
  const within = askableOf(config, prefixes)
  const devices = prefixes.length > 0 ? [] : config.devices.filter(device => device.tenant === tenant)
  return {
    seeds: devices.flatMap(device => {
      const credentials = device.snmp && credentialsFor(config.poller.auths, device.snmp.auth, tenant)
      return credentials?.ok ? [{ device, auth: credentials.auth }] : []
    }),
    mayAsk(address) {
      const prefix = parsePrefix(address)
      return prefix !== undefined && within.length > 0 && isAllowed(prefix, within)
    },
    addressesMax: config.discovery.allow.length > 0 ? addressesMaxListed : addressesMaxUnlisted,
  }
}

function namedAuths(config: PollingConfig, names: readonly string[], tenant: string): NamedAuth[] {
  return names.map(name => {
    const credentials = credentialsFor(config.poller.auths, name, tenant)
    if (!credentials.ok) throw new UsageError(credentials.detail)
    return { name, auth: credentials.auth }
  })
}

/** Here no community is taken for granted: a network is asked with what somebody named. */
function unnamed(values: { community?: string | undefined }, environment: NodeJS.ProcessEnv) {
  if (values.community === undefined && environment.WEIR_SNMP_COMMUNITY === undefined) {
    throw new UsageError('with which credentials? --auth NAME of poller.auths, or WEIR_SNMP_COMMUNITY')
  }
  return communityAuth(values, environment)
}
