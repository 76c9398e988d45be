import { credentialsOf, datagramsOfSilence, type NamedAuth, type ScanPlan } from '../../../snmp-poller/src/index.ts'

export interface DryRunOptions {
  readonly packetsPerSecond: number
  readonly retries: number
  /** Where neighbours are wanted: the networks within which they would be asked. */
  readonly neighboursWithin?: readonly string[] | undefined
}

/** What a discovery would send. */
export function dryRun(plan: ScanPlan, auths: readonly NamedAuth[], options: DryRunOptions) {
  const { packetsPerSecond, retries, neighboursWithin } = options
  const datagramsIfSilent = plan.addresses.reduce(
    (sum, address) => sum + datagramsOfSilence(credentialsOf(address, auths), retries),
    0,
  )
  return {
    schema: 'weir.discovery-plan.v1',
    ...plan,
    credentials: auths.map(({ name, auth }) => ({
      name,
      version: auth.version,
      addresses: plan.addresses.filter(address => credentialsOf(address, [{ name, auth }]).length > 0).length,
    })),
    neighboursWithin: neighboursWithin ?? null,
    packetsPerSecond,
    retries,
    datagramsIfSilent,
    secondsIfSilent: Math.ceil(datagramsIfSilent / packetsPerSecond),
  }
}

export function dryRunText(form: ReturnType<typeof dryRun>): string {
  const { ranges, credentials, neighboursWithin, packetsPerSecond, retries, datagramsIfSilent, secondsIfSilent } = form
  const lines = [
    'would ask:',
    ...ranges.map(({ prefix, first, last, addresses }) => `  ${prefix}: ${first} to ${last}, ${addresses} addresses`),
    ...(neighboursWithin
      ? [`  and whom their neighbour tables name, within ${neighboursWithin.join(', ') || 'no network'}`]
      : []),
    'with:',
    ...credentials.map(({ name, version, addresses }) => `  ${name} (${version}), ${addresses} addresses`),
    `at ${packetsPerSecond} datagrams a second, repetitions ${retries}: ${datagramsIfSilent} datagrams in ${secondsIfSilent} s where nobody answers;`,
    'each device that answers is then polled once at the same rate. Nothing was sent.',
  ]
  return `${lines.join('\n')}\n`
}
