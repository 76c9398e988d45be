import type { Clock, Random } from '../../../../libs/kernel/src/index.ts'
import type { Device } from '../../../../libs/model/src/index.ts'
import { AuthFailures } from '../auth-failures.ts'
import { addressKey } from '../host-address.ts'
import { pollSession } from '../poll-once.ts'
import { loadProfiles } from '../profiles/load-profiles.ts'
import type { SnmpAuth, SnmpSession } from '../snmp-transport.ts'
import { createTransport } from '../transports.ts'
import { type FoundAddress, type FoundDevice, foundDevices, hasName, hostOf } from './found-device.ts'
import { type NeighbourAddress, neighbourAddresses } from './neighbour-addresses.ts'
import { type NamedAuth, probeAddress, type Silence } from './probe-address.ts'
import { SendPace } from './send-pace.ts'

export interface DiscoverOptions {
  readonly addresses: readonly string[]
  readonly auths: readonly NamedAuth[]
  /** Devices of the tenant. */
  readonly inventory: readonly Device[]
  readonly port: number
  readonly timeoutMs: number
  readonly retries: number
  readonly packetsPerSecond: number
  readonly concurrency: number
  /** After which the poll of one found device is cut. */
  readonly budgetMs: number
  readonly profileFolders: readonly string[]
  /** Whom the devices found, and these, know is asked too. */
  readonly neighbours?: NeighbourOptions
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
}

export interface NeighbourOptions {
  /** Of the inventory. */
  readonly seeds: readonly { readonly device: Device; readonly auth: SnmpAuth }[]
  readonly mayAsk: (address: string) => boolean
  /** Of what is heard of; the rest is told and not asked. */
  readonly addressesMax: number
}

/** Somebody whom a device knows, who is not in the inventory and did not answer. */
export interface HeardOf extends NeighbourAddress {
  /** The device that knows it. */
  readonly of: string
  readonly asked: boolean
}

export interface Discovery {
  readonly devices: readonly FoundDevice[]
  /** Told that something is there, and took none of the credentials. */
  readonly refusals: readonly Silence[]
  readonly heardOf: readonly HeardOf[]
  /** asked = answered + refusals + silent. */
  readonly counts: { asked: number; answered: number; silent: number; datagrams: number }
}

/** Asks every address who it is, and polls the ones that answer once; then, where wanted, whom these know. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { clock, budgetMs, inventory, neighbours, signal } = options
  const pace = new SendPace(clock, options.packetsPerSecond)
  const transport = createTransport(clock, options.random)
  const profiles = loadProfiles(options.profileFolders)
  const found: FoundAddress[] = []
  const refusals: Silence[] = []
  let heardOf: HeardOf[] = []
  let asked = 0

  async function ask(addresses: readonly string[], heard?: ReadonlyMap<string, HeardOf>): Promise<void> {
    const answers = new Array<FoundAddress | undefined>(addresses.length)
    await inParallel(addresses, options, async (address, place) => {
      const answer = await probeAddress(address, options.auths, { ...options, transport, pace })
      if (signal.aborted && !answer.answered) return
      asked++
      if (answer.answered) {
        const { form } = await pollSession(answer.open(), address, { clock, budgetMs, profiles })
        const by = heard?.get(address)
        answers[place] = { answer, form, ...(by ? { seenAt: `${by.by} of ${by.of}` } : {}) }
      } else if (answer.code) refusals.push(answer)
    })
    for (const one of answers) if (one) found.push(one)
  }

  function openSeed({ device, auth }: NeighbourOptions['seeds'][number]): SnmpSession {
    const { timeoutMs, retries } = options
    const port = device.snmp?.port ?? options.port
    const session = pace.session(transport.open({ host: hostOf(device), port, auth, timeoutMs, retries }))
    return auth.version === 'v3' ? new AuthFailures(clock).guard(session) : session
  }

  async function askNeighbours({ seeds, mayAsk, addressesMax }: NeighbourOptions): Promise<void> {
    const answered = new Set(found.map(({ answer }) => addressKey(answer.address)))
    const knowing = [
      ...found.map(({ answer }) => ({ name: answer.sysName || answer.address, open: () => answer.open() })),
      ...seeds
        .filter(({ device }) => !answered.has(hostOf(device)))
        .map(seed => ({ name: seed.device.id, open: () => openSeed(seed) })),
    ]
    const told = new Array<NeighbourAddress[]>(knowing.length)
    await inParallel(knowing, options, async ({ open }, place) => {
      const session = open()
      try {
        told[place] = await neighbourAddresses(session)
      } finally {
        session.close()
      }
    })
    const heard = new Map<string, HeardOf>()
    for (const [place, { name }] of knowing.entries()) {
      for (const one of told[place] ?? []) {
        const key = one.address ? addressKey(one.address) : `name ${one.sysName}`
        // What speaks LLDP or CDP is a device of the network; what was only talked to may be anything.
        if (!heard.has(key) || (heard.get(key)!.by === 'arp' && one.by !== 'arp')) {
          heard.set(key, { ...one, of: name, asked: false })
        }
      }
    }
    const known = new Set([
      ...options.addresses.map(addressKey),
      ...inventory.flatMap(one => [addressKey(one.address), hostOf(one)]),
    ])
    const news = [...heard].filter(([key]) => !known.has(key))
    // Devices of the network before stations: where not all can be asked, these are.
    news.sort(([, a], [, b]) => Number(a.by === 'arp') - Number(b.by === 'arp'))
    const toAsk = news.map(([key, { address }]) => (address && mayAsk(address) ? key : '')).filter(Boolean)
    const asking = toAsk.slice(0, addressesMax)
    await ask(asking, heard)
    const all = new Set(found.map(({ answer }) => addressKey(answer.address)))
    const isNamed = (sysName: string): boolean =>
      sysName !== '' &&
      (inventory.some(device => hasName(device, sysName)) || found.some(({ answer }) => answer.sysName === sysName))
    const askedKeys = new Set(asking)
    heardOf = news
      .filter(([key, one]) => !all.has(key) && (one.address !== '' || !isNamed(one.sysName)))
      .map(([key, one]) => ({ ...one, asked: askedKeys.has(key) }))
  }

  // Ends what is under way, too.
  const stop = (): void => {
    pace.close()
    transport.close()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    await ask(options.addresses)
    if (neighbours && !signal.aborted) await askNeighbours(neighbours)
  } finally {
    signal.removeEventListener('abort', stop)
    if (!signal.aborted) transport.close()
  }
  return {
    devices: foundDevices(found, inventory),
    refusals,
    heardOf,
    counts: {
      asked,
      answered: found.length,
      silent: asked - found.length - refusals.length,
      datagrams: transport.counters.datagramsSent,
    },
  }
}

async function inParallel<T>(
  items: readonly T[],
  { concurrency, signal }: Pick<DiscoverOptions, 'concurrency' | 'signal'>,
  run: (item: T, place: number) => Promise<void>,
): Promise<void> {
  let next = 0
  async function work(): Promise<void> {
    while (next < items.length && !signal.aborted) {
      const place = next++
      await run(items[place]!, place)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work))
}
