import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { type DeviceForm, deviceSchema } from '../../../libs/model/src/index.ts'
import { deviceForm } from './device-form.ts'
import { DevicePoller } from './device-poller.ts'
import { loadProfiles, type ProfileLibrary } from './profiles/load-profiles.ts'
import type { SnmpSession, SnmpTarget } from './snmp-transport.ts'
import { createTransport } from './transports.ts'

export interface OncePolled {
  readonly reachable: boolean
  readonly form: DeviceForm
}

/** Polls one device once, as the poller does, outside of any inventory. */
export async function pollOnce(
  target: SnmpTarget,
  options: {
    clock: Clock
    random: Random
    budgetMs: number
    signal?: AbortSignal
    /** Of profiles of one's own, before the program's. */
    profileFolders?: readonly string[]
  },
): Promise<OncePolled> {
  const transport = createTransport(options.clock, options.random)
  try {
    const profiles = loadProfiles(options.profileFolders)
    return await pollSession(transport.open(target), target.host, { ...options, profiles })
  } finally {
    transport.close()
  }
}

/** As `pollOnce`, over a session of one's own, which it closes. */
export async function pollSession(
  session: SnmpSession,
  address: string,
  options: { clock: Clock; budgetMs: number; signal?: AbortSignal; profiles: ProfileLibrary },
): Promise<OncePolled> {
  const { clock, budgetMs, signal, profiles } = options
  const cancel = (): void => session.cancel()
  signal?.addEventListener('abort', cancel)
  try {
    const poller = new DevicePoller({
      device: deviceSchema.parse({ id: 'polled', tenant: 'none', site: 'none', address }),
      session,
      clock,
      intervalMs: budgetMs,
      budgetMs,
      slowRefreshMs: 0,
      interfacesMax: 100_000,
      profiles,
      hardwareIntervalMs: 0,
    })
    const { poll } = await poller.poll()
    return { reachable: poll.health?.reachable ?? false, form: deviceForm(poll) }
  } finally {
    signal?.removeEventListener('abort', cancel)
    session.close()
  }
}
