import { afterEach, describe, expect, it } from 'vitest'
import type { StationReading } from '../../../libs/model/src/index.ts'
import { oid, type SnmpValue } from '../../../libs/snmp/src/index.ts'
import { pollerOf } from './poll-agent.ts'
import { integer, startAgent, switchValues } from './test-agent.ts'

let cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups) cleanup()
  cleanups = []
})

const mac = (...octets: number[]): SnmpValue => ({ type: 'octets', value: Uint8Array.from(octets) })
const basePort = (port: number) => `1.3.6.1.2.1.17.1.4.1.2.${port}`
const forwarding = (index: string) => `1.3.6.1.2.1.17.4.3.1.2.${index}`
const vlanForwarding = (index: string) => `1.3.6.1.2.1.17.7.1.2.2.1.2.${index}`
const vlanDatabase = (vlan: number) => `1.3.6.1.2.1.17.7.1.4.2.1.3.0.${vlan}`
const media = (index: string) => `1.3.6.1.2.1.4.22.1.2.${index}`
const physical = (index: string) => `1.3.6.1.2.1.4.35.1.4.${index}`

async function stationsOf(more: Record<string, SnmpValue>, polls = 1): Promise<(readonly string[])[]> {
  const values = switchValues(3)
  for (const [name, value] of Object.entries(more)) values.set(oid(name), value)
  const agent = await startAgent(values)
  const poller = pollerOf(agent, { profiles: true, stationsIntervalMs: 60_000 })
  cleanups.push(() => {
    poller.close()
    agent.close()
  })
  const found: string[][] = []
  for (let i = 0; i < polls; i++) {
    const outcome = await poller.poll()
    await poller.readHardware(outcome)
    expect(outcome.poll.health?.errors).toEqual([])
    found.push((outcome.poll.hardware?.stations ?? []).map(words))
  }
  return found
}

function words({ mac: octets, address, ifIndex, vlan }: StationReading): string {
  return `${Buffer.from(octets).toString('hex')} ${[...address].join('.')} port ${ifIndex} vlan ${vlan}`
}

describe('a spanning tree', () => {
  it('is read of a bridge that has one', async () => {
    const root = [128, 0, 0, 30, 246, 1, 2, 3]
    const treeOf = async (more: Record<string, SnmpValue>) => {
      const values = switchValues(1)
      for (const [name, value] of Object.entries(more)) values.set(oid(name), value)
      const agent = await startAgent(values)
      const poller = pollerOf(agent, { profiles: true })
      cleanups.push(() => {
        poller.close()
        agent.close()
      })
      const outcome = await poller.poll()
      await poller.readHardware(outcome)
      return outcome.poll.hardware?.spanningTree
    }
    const changes = { '1.3.6.1.2.1.17.2.4.0': { type: 'counter32', value: 7 } } as const
    expect(await treeOf({ ...changes, '1.3.6.1.2.1.17.2.5.0': mac(...root) })).toMatchObject({
      root: Uint8Array.from(root),
      topologyChanges: 7,
    })
    expect(await treeOf({ ...changes, '1.3.6.1.2.1.17.2.5.0': mac(0, 0, 0, 0, 0, 0, 0, 0) })).toBeUndefined()
    expect(await treeOf({})).toBeUndefined()
  })
})

describe('stations', () => {
  it("are a bridge's, by VLAN, with its own numbering of ports and databases", async () => {
    const [found] = await stationsOf({
      [basePort(17)]: integer(2),
      [vlanDatabase(10)]: integer(3),
      [vlanForwarding('3.0.30.246.1.2.3')]: integer(17),
      // Of no VLAN that is known: its database's number; on a port that no interface has; the bridge's own.
      [vlanForwarding('20.0.30.246.1.2.4')]: integer(17),
      [vlanForwarding('3.0.30.246.1.2.5')]: integer(99),
      [vlanForwarding('3.0.30.246.1.2.6')]: integer(0),
      // A group address is no station.
      [vlanForwarding('3.1.0.94.0.0.1')]: integer(17),
      // What the table without VLANs says is the same again.
      [forwarding('0.30.246.1.2.3')]: integer(17),
    })
    expect(found).toEqual(['001ef6010203  port 2 vlan 10', '001ef6010204  port 2 vlan 20'])
  })

  it('are those of a bridge without VLANs, and of one that numbers its ports as interfaces', async () => {
    expect(await stationsOf({ [forwarding('0.30.246.1.2.3')]: integer(3) })).toEqual([['001ef6010203  port 3 vlan 0']])
  })

  it("are a router's neighbours with their addresses, of both families, each once", async () => {
    const v6 = '32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7'
    const [found] = await stationsOf({
      [media('1.192.0.2.7')]: mac(0, 30, 246, 1, 2, 3),
      [media('1.192.0.2.8')]: mac(0, 0, 0, 0, 0, 0),
      [media('1.192.0.2.9')]: mac(1, 2, 3),
      [physical('1.1.4.192.0.2.7')]: mac(0, 30, 246, 1, 2, 3),
      [physical(`2.2.16.${v6}`)]: mac(0, 30, 246, 1, 2, 3),
    })
    expect(found).toEqual(['001ef6010203 192.0.2.7 port 1 vlan 0', `001ef6010203 ${v6} port 2 vlan 0`])
  })

  it('are read less often than the rest', async () => {
    const found = await stationsOf({ [forwarding('0.30.246.1.2.3')]: integer(3) }, 3)
    expect(found.map(one => one.length)).toEqual([1, 0, 0])
  })
})
