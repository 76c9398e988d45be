import type { Clock, Random } from '../../../libs/kernel/src/index.ts'
import { type DeviceForm, deviceSchema } from '../../../libs/model/src/index.ts'
import { deviceForm } from './device-form.ts'
import { DevicePoller } from './device-poller.ts'
import { loadProfiles } from './profiles/load-profiles.ts'
import type { SnmpTarget } from './snmp-transport.ts'
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
  const { clock, random, budgetMs, signal, profileFolders } = options
  const transport = createTransport(clock, random)
  const session = transport.open(target)
  const cancel = (): void => session.cancel()
  signal?.addEventListener('abort', cancel)
  try {
    const poller = new DevicePoller({
      device: deviceSchema.parse({ id: 'polled', tenant: 'none', site: 'none', address: target.host }),
      session,
      clock,
      intervalMs: budgetMs,
      budgetMs,
      slowRefreshMs: 0,
      interfacesMax: 100_000,
      profiles: loadProfiles(profileFolders),
      hardwareIntervalMs: 0,
    })
    const { poll } = await poller.poll()
    return { reachable: poll.health?.reachable ?? false, form: deviceForm(poll) }
  } finally {
    signal?.removeEventListener('abort', cancel)
    session.close()
    transport.close()
  }
}
