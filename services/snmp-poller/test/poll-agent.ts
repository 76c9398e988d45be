import { seededRandom, systemClock } from '../../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../../libs/model/src/index.ts'
import { DevicePoller, type PollOutcome } from '../src/device-poller.ts'
import { NetSnmpTransport } from '../src/net-snmp-transport.ts'
import { loadProfiles } from '../src/profiles/load-profiles.ts'
import type { SnmpAuth, SnmpTransport } from '../src/snmp-transport.ts'
import { UdpTransport } from '../src/udp-transport.ts'

export const transports: [name: string, create: () => SnmpTransport][] = [
  ['own codec', () => new UdpTransport({ clock: systemClock, random: seededRandom(1) })],
  ['net-snmp', () => new NetSnmpTransport()],
]

export interface PollerOfOne {
  poll(): Promise<PollOutcome>
  readHardware(outcome: PollOutcome): Promise<void>
  readonly transport: SnmpTransport
  close(): void
}

export interface PollSettings {
  timeoutMs?: number
  retries?: number
  budgetMs?: number
  slowRefreshMs?: number
  answersFrom?: string[]
  transport?: SnmpTransport
  community?: string
  /** Instead of the community. */
  auth?: SnmpAuth
  /** Reads what profiles name, too. */
  profiles?: boolean
  /** Stations too, this often. */
  stationsIntervalMs?: number
}

/** A poller of the agent at `port`. */
export function pollerOf(agent: { address: string; port: number }, settings: PollSettings = {}): PollerOfOne {
  const transport = settings.transport ?? transports[0]![1]()
  const session = transport.open({
    host: agent.address,
    port: agent.port,
    auth: settings.auth ?? { version: 'v2c', community: settings.community ?? 'public' },
    timeoutMs: settings.timeoutMs ?? 1_000,
    retries: settings.retries ?? 1,
    ...(settings.answersFrom ? { answersFrom: settings.answersFrom } : {}),
  })
  const poller = new DevicePoller({
    device: deviceSchema.parse({ id: 'sw1', tenant: 't1', site: 's1', address: agent.address }),
    session,
    clock: systemClock,
    intervalMs: 30_000,
    budgetMs: settings.budgetMs ?? 10_000,
    slowRefreshMs: settings.slowRefreshMs ?? 600_000,
    interfacesMax: 1_000,
    ...(settings.profiles ? { profiles: loadProfiles() } : {}),
    stationsIntervalMs: settings.stationsIntervalMs,
  })
  return {
    transport,
    poll: () => poller.poll(),
    readHardware: outcome => poller.readHardware(outcome),
    close: () => {
      poller.close()
      transport.close()
    },
  }
}
