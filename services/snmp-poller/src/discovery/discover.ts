import type { Clock, Random } from '../../../../libs/kernel/src/index.ts'
import type { Device } from '../../../../libs/model/src/index.ts'
import { pollSession } from '../poll-once.ts'
import { loadProfiles } from '../profiles/load-profiles.ts'
import { createTransport } from '../transports.ts'
import { type FoundAddress, type FoundDevice, foundDevices } from './found-device.ts'
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
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  readonly progress?: (asked: number, answered: number) => void
}

export interface Discovery {
  readonly devices: readonly FoundDevice[]
  /** Told that something is there, and took none of the credentials. */
  readonly refusals: readonly Silence[]
  /** asked = answered + refusals + silent. */
  readonly counts: { asked: number; answered: number; silent: number; datagrams: number }
}

/** Asks every address who it is, and polls the ones that answer once. */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { clock, budgetMs, addresses, signal, progress } = options
  const pace = new SendPace(clock, options.packetsPerSecond)
  const transport = createTransport(clock, options.random)
  const profiles = loadProfiles(options.profileFolders)
  const found = new Map<number, FoundAddress>()
  const refusals: Silence[] = []
  let next = 0
  let asked = 0

  async function work(): Promise<void> {
    while (next < addresses.length && !signal.aborted) {
      const place = next++
      const answer = await probeAddress(addresses[place]!, options.auths, { ...options, transport, pace })
      if (signal.aborted && !answer.answered) return
      asked++
      if (answer.answered) {
        const { form } = await pollSession(answer.open(), answer.address, { clock, budgetMs, profiles })
        found.set(place, { answer, form })
      } else if (answer.code) refusals.push(answer)
      progress?.(asked, found.size)
    }
  }

  // Ends what is under way, too.
  const stop = (): void => {
    pace.close()
    transport.close()
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    await Promise.all(Array.from({ length: Math.min(options.concurrency, addresses.length) }, work))
  } finally {
    signal.removeEventListener('abort', stop)
    if (!signal.aborted) transport.close()
  }
  const inOrder = [...found].sort(([a], [b]) => a - b).map(([, one]) => one)
  return {
    devices: foundDevices(inOrder, options.inventory),
    refusals,
    counts: {
      asked,
      answered: found.size,
      silent: asked - found.size - refusals.length,
      datagrams: transport.counters.datagramsSent,
    },
  }
}
