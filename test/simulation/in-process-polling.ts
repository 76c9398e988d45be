import type { Clock } from '../../libs/kernel/src/index.ts'
import { type Device, type DevicePoll, deviceSchema } from '../../libs/model/src/index.ts'
import type { NetworkModel, SimulatedDevice } from '../../libs/simulator/src/index.ts'
import { SimulatedAgent } from '../../libs/simulator/src/index.ts'
import {
  decodeMessage,
  encodeMessage,
  errorStatusName,
  type ObjectName,
  oidOf,
  type Pdu,
  VarbindList,
} from '../../libs/snmp/src/index.ts'
import { DevicePoller } from '../../services/snmp-poller/src/device-poller.ts'
import type { SnmpReply, SnmpSession } from '../../services/snmp-poller/src/index.ts'
import { loadProfiles } from '../../services/snmp-poller/src/profiles/load-profiles.ts'

/** Time that stands wherever the test puts it; nothing here waits. */
export class SetClock implements Clock {
  atMs: number

  constructor(atMs: number) {
    this.atMs = atMs
  }

  nowMs(): number {
    return this.atMs
  }

  monotonicMs(): number {
    return this.atMs
  }

  after(): { cancel(): void } {
    return { cancel: () => {} }
  }
}

let loaded: ReturnType<typeof loadProfiles> | undefined

function profiles(): ReturnType<typeof loadProfiles> {
  loaded ??= loadProfiles()
  return loaded
}

/** The real poller asking a real agent, encoded and decoded, without sockets between them: hours of polls in seconds. */
export function pollerOf(
  model: NetworkModel,
  simulated: SimulatedDevice,
  clock: SetClock,
  intervalMs: number,
  hardwareIntervalMs?: number,
): DevicePoller {
  const device: Device = deviceSchema.parse({
    id: simulated.id,
    tenant: simulated.site.tenant,
    site: simulated.site.id,
    address: simulated.address,
    role: simulated.role,
  })
  return new DevicePoller({
    device,
    session: new InProcessSession(new SimulatedAgent(model, simulated, 'public'), clock),
    clock,
    intervalMs,
    budgetMs: intervalMs,
    slowRefreshMs: 3_600_000,
    interfacesMax: 1_000,
    ...(hardwareIntervalMs === undefined ? {} : { profiles: profiles(), hardwareIntervalMs }),
  })
}

export async function pollAt(poller: DevicePoller, clock: SetClock, atMs: number): Promise<DevicePoll> {
  clock.atMs = atMs
  const outcome = await poller.poll()
  await poller.readHardware(outcome)
  return outcome.poll
}

const community = new TextEncoder().encode('public')

class InProcessSession implements SnmpSession {
  readonly #agent: SimulatedAgent
  readonly #clock: SetClock

  constructor(agent: SimulatedAgent, clock: SetClock) {
    this.#agent = agent
    this.#clock = clock
  }

  async get(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#ask({ kind: 'getRequest', requestId: 1, varbinds: asked(names) })
  }

  async getNext(names: readonly ObjectName[]): Promise<SnmpReply> {
    return this.#ask({ kind: 'getNextRequest', requestId: 1, varbinds: asked(names) })
  }

  async getBulk(names: readonly ObjectName[], nonRepeaters: number, maxRepetitions: number): Promise<SnmpReply> {
    return this.#ask({ kind: 'getBulkRequest', requestId: 1, nonRepeaters, maxRepetitions, varbinds: asked(names) })
  }

  cancel(): void {}

  close(): void {}

  #ask(pdu: Pdu): SnmpReply {
    const datagram = this.#agent.answer(encodeMessage({ version: 'v2c', community, pdu }), this.#clock.nowMs())
    if (!datagram) return { ok: false, code: 'snmp-timeout', detail: 'no answer', attempts: 1 }
    const decoded = decodeMessage(datagram)
    if (!decoded.ok || decoded.message.pdu.kind !== 'response') throw new Error('the agent answered nonsense')
    const { errorStatus, errorIndex, varbinds } = decoded.message.pdu
    if (errorStatus === 0) return { ok: true, varbinds: VarbindList.of(varbinds), bytes: datagram.length, attempts: 1 }
    const code = errorStatusName(errorStatus) === 'tooBig' ? 'snmp-too-big' : 'snmp-error-status'
    return { ok: false, code, detail: String(errorStatus), errorStatus, errorIndex, attempts: 1 }
  }
}

function asked(names: readonly ObjectName[]) {
  return names.map(name => ({ oid: oidOf(name), value: { type: 'null' } as const }))
}
