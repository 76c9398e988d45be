import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bus } from '../../../libs/bus/src/index.ts'
import type { SnmpPoller } from '../src/index.ts'
import { inventoryOf, type PollerRig, startRig } from './poller-rig.ts'
import { startAgent, switchValues } from './test-agent.ts'

let cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  cleanups = []
})

const devices = 24
const leaseMs = 1_500
const producers = ['poller-1', 'poller-2', 'poller-3']

/** A bus that a network fault can cut one poller off from. */
interface Link {
  bus: Bus
  severed: boolean
}

function severable(bus: Bus): Link {
  const link: Link = {
    severed: false,
    bus: {
      ...bus,
      bounds: (topic: string) => bus.bounds(topic),
      send: (...args: Parameters<Bus['send']>) =>
        link.severed ? Promise.reject(new Error('cut off')) : bus.send(...args),
      tail: (options: Parameters<Bus['tail']>[0]) =>
        bus.tail({ ...options, records: records => (link.severed ? undefined : options.records(records)) }),
    } as Bus,
  }
  return link
}

async function setUp(): Promise<{ rig: PollerRig; pollers: SnmpPoller[]; links: Link[] }> {
  const rig = await startRig()
  cleanups.push(() => rig.stop())
  const agents: Record<string, { address: string; port: number }> = {}
  for (let i = 0; i < devices; i++) {
    const agent = await startAgent(switchValues(1))
    cleanups.push(() => agent.close())
    agents[`d${i}`] = agent
  }
  const inventory = inventoryOf(agents, 1_000)
  const [pollers, links]: [SnmpPoller[], Link[]] = [[], []]
  for (const producerId of producers) {
    const link = severable(rig.bus)
    links.push(link)
    pollers.push(await rig.startPoller(inventory, { producerId, group: { name: 'g', leaseMs } }, link.bus))
  }
  return { rig, pollers, links }
}

/** Who polled which device from now on, for so long. */
async function watch(rig: PollerRig, ms: number): Promise<Map<string, Set<string>>> {
  const from = rig.records.length
  await new Promise(resolve => setTimeout(resolve, ms))
  const by = new Map<string, Set<string>>()
  for (const { message } of rig.records.slice(from)) {
    if (message.body.case !== 'poll') continue
    const { deviceId } = message.body.value
    by.set(deviceId, (by.get(deviceId) ?? new Set()).add(message.producerId))
  }
  return by
}

function allPolledBy(by: Map<string, Set<string>>, those: readonly string[]): void {
  expect(by.size).toBe(devices)
  for (const [device, who] of by) {
    expect([...who], `pollers of ${device}`).toHaveLength(1)
    expect(those).toContain([...who][0])
  }
}

describe('pollers that share an inventory', () => {
  it('poll each device once, and take over from one that is cut off within its lease', async () => {
    const { rig, links } = await setUp()
    await new Promise(resolve => setTimeout(resolve, 1_000))
    const steady = await watch(rig, 2_500)
    allPolledBy(steady, producers)
    for (const who of producers) expect([...steady.values()].some(one => one.has(who))).toBe(true)

    links[1]!.severed = true
    const lost = [...steady].filter(([, who]) => who.has('poller-2')).map(([device]) => device)
    // Its lease and a twelfth until it is judged, and the first poll's place in the interval.
    const after = rig.records.length
    const takenOver = () =>
      new Set(
        rig.records.slice(after).flatMap(({ message }) => {
          const { body, producerId } = message
          return body.case === 'poll' && producerId !== 'poller-2' ? [body.value.deviceId] : []
        }),
      )
    await vi.waitFor(() => expect([...takenOver()]).toEqual(expect.arrayContaining(lost)), {
      timeout: 1.1 * leaseMs + 2_000,
    })
    allPolledBy(await watch(rig, 2_500), ['poller-1', 'poller-3'])

    // What moved was its share and nothing else.
    links[1]!.severed = false
    await vi.waitFor(async () => allPolledBy(await watch(rig, 1_500), producers), { timeout: 10_000 })
    expect(await watch(rig, 2_500)).toEqual(steady)
  }, 60_000)

  it('take over at once from one that ends in order', async () => {
    const { rig, pollers } = await setUp()
    await new Promise(resolve => setTimeout(resolve, 1_000))
    await pollers[0]!.stop()
    allPolledBy(await watch(rig, 2_500), ['poller-2', 'poller-3'])
  }, 60_000)

  it('go on with their shares, and judge nobody gone, while the bus is down for all', async () => {
    const { rig, links } = await setUp()
    await new Promise(resolve => setTimeout(resolve, 1_000))
    const steady = await watch(rig, 2_500)
    for (const link of links) link.severed = true
    await new Promise(resolve => setTimeout(resolve, 2.5 * leaseMs))
    const from = rig.records.length
    for (const link of links) link.severed = false
    await vi.waitFor(() => expect(rig.records.length).toBeGreaterThan(from + 2 * devices), { timeout: 15_000 })
    const by = new Map<string, Set<string>>()
    for (const { message } of rig.records.slice(from)) {
      if (message.body.case !== 'poll') continue
      const { deviceId } = message.body.value
      by.set(deviceId, (by.get(deviceId) ?? new Set()).add(message.producerId))
    }
    for (const [device, who] of by) expect(who, device).toEqual(steady.get(device))
  }, 60_000)
})
