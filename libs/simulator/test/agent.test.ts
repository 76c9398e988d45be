import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ManualClock, silentLogger } from '../../kernel/src/index.ts'
import {
  decodeMessage,
  encodeMessage,
  formatOid,
  type Message,
  oid,
  type Pdu,
  type SnmpValue,
} from '../../snmp/src/index.ts'
import {
  createSimulatedNetwork,
  deviceById,
  NetworkModel,
  portByName,
  SimulatedAgent,
  type SimulatedNetwork,
} from '../src/index.ts'

const startMs = Date.UTC(2026, 9, 21, 9, 30)
const model = new NetworkModel({ seed: 7, startMs })
const community = new TextEncoder().encode('secret')

function agentOf(id: string): SimulatedAgent {
  return new SimulatedAgent(model, deviceById(model.topology, id), 'secret')
}

interface Answer {
  errorStatus: number
  errorIndex: number
  cells: [oid: string, value: SnmpValue][]
  octets: number
}

function ask(agent: SimulatedAgent, pdu: Pdu, atMs: number, version: Message['version'] = 'v2c'): Answer | undefined {
  const reply = agent.answer(encodeMessage({ version, community, pdu }), atMs)
  if (!reply) return undefined
  const decoded = decodeMessage(reply)
  if (!decoded.ok || decoded.message.pdu.kind !== 'response') throw new Error('no response')
  const { errorStatus, errorIndex, varbinds } = decoded.message.pdu
  return {
    errorStatus,
    errorIndex,
    cells: varbinds.map(varbind => [formatOid(varbind.oid), varbind.value]),
    octets: reply.length,
  }
}

const names = (kind: 'getRequest' | 'getNextRequest', ...oids: string[]): Pdu => ({
  kind,
  requestId: 1,
  varbinds: oids.map(one => ({ oid: oid(one), value: { type: 'null' } })),
})
const bulk = (nonRepeaters: number, maxRepetitions: number, ...oids: string[]): Pdu => ({
  kind: 'getBulkRequest',
  requestId: 1,
  nonRepeaters,
  maxRepetitions,
  varbinds: oids.map(one => ({ oid: oid(one), value: { type: 'null' } })),
})

const ifHCInOctets = '1.3.6.1.2.1.31.1.1.1.6'
const sysUpTime = '1.3.6.1.2.1.1.3.0'

describe('a simulated agent', () => {
  it('shows the counters of the model, to the last octet', () => {
    const device = deviceById(model.topology, 'nw-edge-1')
    const agent = agentOf('nw-edge-1')
    for (const timeMs of [startMs, startMs + 12_340, startMs + 999_990]) {
      const answer = ask(agent, names('getRequest', `${ifHCInOctets}.1`, '1.3.6.1.2.1.2.2.1.10.1', sysUpTime), timeMs)!
      const octets = model.counters(device).value(device.ports[0]!, 'inOctets', timeMs)
      expect(answer.cells.map(([, value]) => value)).toEqual([
        { type: 'counter64', value: octets },
        { type: 'counter32', value: Number(octets % 2n ** 32n) },
        { type: 'timeTicks', value: Math.floor((device.uptimeAtStartMs + timeMs - startMs) / 10) },
      ])
    }
  })

  it('walks in rising order to the end of the view, in replies below 1400 octets', () => {
    const agent = agentOf('hb-core-1')
    let at = '1.3'
    let cells = 0
    for (let requests = 0; ; requests++) {
      expect(requests).toBeLessThan(500)
      const answer = ask(agent, bulk(0, 50, at), startMs + 5_000)!
      expect(answer.errorStatus).toBe(0)
      expect(answer.octets).toBeLessThanOrEqual(1_400)
      for (const [name, value] of answer.cells) {
        if (value.type === 'endOfMibView') continue
        expect(oid(name) > oid(at), `${name} after ${at}`).toBe(true)
        at = name
        cells++
      }
      if (answer.cells.at(-1)![1].type === 'endOfMibView') break
    }
    const ports = deviceById(model.topology, 'hb-core-1').ports.length
    expect(cells).toBeGreaterThan(ports * 60)
  })

  it('fetches rows of several columns, and says what is not there', () => {
    const agent = agentOf('ac-edge-1')
    const answer = ask(agent, bulk(1, 2, '1.3.6.1.2.1.1.3', '1.3.6.1.2.1.2.2.1.2', ifHCInOctets), startMs)!
    expect(answer.cells.map(([name]) => name)).toEqual([
      sysUpTime,
      '1.3.6.1.2.1.2.2.1.2.1',
      `${ifHCInOctets}.1`,
      '1.3.6.1.2.1.2.2.1.2.2',
      `${ifHCInOctets}.2`,
    ])
    const missing = ask(agent, names('getRequest', `${ifHCInOctets}.4711`, '1.3.6.1.2.1.99.1.1.1.4.1'), startMs)!
    expect(missing.cells.map(([, { type }]) => type)).toEqual(['noSuchInstance', 'noSuchObject'])
    const tooBig = ask(agent, names('getRequest', ...new Array(120).fill('1.3.6.1.2.1.1.1.0')), startMs)!
    expect([tooBig.errorStatus, tooBig.cells.length]).toEqual([1, 0])
  })

  it('speaks version 1: no Counter64, errors instead of exceptions', () => {
    const agent = agentOf('ac-edge-1')
    const hidden = ask(agent, names('getRequest', sysUpTime, `${ifHCInOctets}.1`), startMs, 'v1')!
    expect([hidden.errorStatus, hidden.errorIndex]).toEqual([2, 2])
    const next = ask(agent, names('getNextRequest', '1.3.6.1.2.1.31.1.1.1.5.14'), startMs, 'v1')!
    expect(next.cells[0]![0]).toBe('1.3.6.1.2.1.31.1.1.1.14.1')
  })

  it('answers neither wrong communities nor garbage, and counts them', () => {
    const agent = agentOf('ac-edge-1')
    const wrong = encodeMessage({
      version: 'v2c',
      community: new TextEncoder().encode('public'),
      pdu: names('getRequest', sysUpTime),
    })
    expect(agent.answer(wrong, startMs)).toBeUndefined()
    expect(agent.answer(Buffer.from('not snmp'), startMs)).toBeUndefined()
    expect(agent.answer(wrong.subarray(0, 9), startMs)).toBeUndefined()
    expect(agent.counters).toEqual({ requests: 3, replies: 0, malformed: 2, wrongCommunity: 1, unanswered: 0 })
    const set: Pdu = { ...names('getRequest', sysUpTime), kind: 'setRequest' } as Pdu
    expect(ask(agent, set, startMs)!.errorStatus).toBe(17)
  })

  it('has no ifHC counters on the old switch', () => {
    const agent = agentOf('hb-old-1')
    const answer = ask(agent, names('getNextRequest', '1.3.6.1.2.1.31.1.1.1.5.26', ifHCInOctets), startMs)!
    expect(answer.cells.map(([name]) => name)).toEqual(['1.3.6.1.2.1.31.1.1.1.14.1', '1.3.6.1.2.1.31.1.1.1.14.1'])
  })

  it('shows a cut link as down, its time of change, and its neighbour until two minutes later', () => {
    const agent = agentOf('nw-core-1')
    const device = deviceById(model.topology, 'nw-core-1')
    const read = (seconds: number): unknown[] =>
      ask(
        agent,
        names('getRequest', '1.3.6.1.2.1.2.2.1.8.2', '1.3.6.1.2.1.2.2.1.9.2', '1.0.8802.1.1.2.1.4.1.1.9.0.2.1'),
        startMs + seconds * 1_000,
      )!.cells.map(([, value]) => ('value' in value && typeof value.value === 'number' ? value.value : value.type))
    const ticks = (seconds: number): number => Math.floor((device.uptimeAtStartMs + seconds * 1_000) / 10)
    expect(read(10)).toEqual([1, 0, 'octets'])
    expect(read(30)).toEqual([2, ticks(20), 'octets'])
    expect(read(200)).toEqual([2, ticks(20), 'noSuchInstance'])
    expect(read(490)).toEqual([1, ticks(480), 'octets'])
  })

  it('shows the light of a dying optic at the end that suffers, and full light at the other', () => {
    const rxAt = (device: string, ifIndex: number, seconds: number): number => {
      const [cell] = ask(
        agentOf(device),
        names('getRequest', `1.3.6.1.4.1.2636.3.60.1.1.1.1.5.${ifIndex}`),
        startMs + seconds * 1_000,
      )!.cells
      return (cell![1] as { value: number }).value / 100
    }
    const before = rxAt('hb-dist-1', 505, 10)
    expect(before).toBeGreaterThan(-8)
    expect(rxAt('hb-dist-1', 505, 60)).toBeLessThan(before - 2)
    expect(rxAt('hb-dist-1', 505, 300)).toBeLessThan(-14.4)
    expect(rxAt('hb-dist-1', 505, 800)).toBeGreaterThan(-8)
    expect(Math.abs(rxAt('hb-core-1', 506, 300) - rxAt('hb-core-1', 506, 10))).toBeLessThan(0.3)
    const arista = ask(agentOf('nw-core-1'), bulk(0, 40, '1.3.6.1.2.1.99.1.1.1.4'), startMs + 30_000)!
    const readings = arista.cells.filter(([name]) => name.startsWith('1.3.6.1.2.1.99.1.1.1.4.'))
    expect(readings.length).toBe(4 * deviceById(model.topology, 'nw-core-1').ports.filter(port => port.link).length)
    // The cut fibre: a ten-thousandth of a milliwatt, -40 dBm.
    expect(readings.map(([, value]) => (value as { value: number }).value)).toContain(1)
  })

  it('is silent without power, and after an agent restart shows new numbers under a new uptime', () => {
    expect(ask(agentOf('hb-acc-3'), names('getRequest', sysUpTime), startMs + 70_000)).toBeUndefined()
    const agent = agentOf('ac-acc-2')
    const port = portByName(deviceById(model.topology, 'ac-acc-2'), 'gi1')
    const before = model.life(port.device).ifIndex(port, startMs)
    const after = model.life(port.device).ifIndex(port, startMs + 210_000)
    const nameAt = (ifIndex: number, seconds: number): SnmpValue =>
      ask(agent, names('getRequest', `1.3.6.1.2.1.31.1.1.1.1.${ifIndex}`), startMs + seconds * 1_000)!.cells[0]![1]
    const gi1: SnmpValue = { type: 'octets', value: Buffer.from('gi1') }
    expect(nameAt(before, 190)).toEqual(gi1)
    expect(nameAt(after, 210)).toEqual(gi1)
    expect(nameAt(before, 210)).not.toEqual(gi1)
    const uptime = ask(agent, names('getRequest', sysUpTime), startMs + 210_000)!.cells[0]![1]
    expect(uptime).toEqual({ type: 'timeTicks', value: 800 })
  })
})

const hasNetSnmp = spawnSync('snmpbulkwalk', ['-V']).error === undefined

describe.skipIf(!hasNetSnmp)(
  `real net-snmp tools${hasNetSnmp ? '' : ' (SKIPPED: Debian package "snmp" is not installed)'}`,
  () => {
    const clock = new ManualClock(startMs + 3_000)
    let network: SimulatedNetwork
    const port = 20_000 + (process.pid % 20_000)

    beforeAll(async () => {
      network = createSimulatedNetwork({
        seed: 7,
        startMs,
        clock,
        log: silentLogger,
        agentPort: port,
        loopbackPrefix: '127.91',
      })
      await network.start()
    })
    afterAll(() => network.stop())

    const run = async (tool: string, ...args: string[]): Promise<string[]> => {
      const { stdout } = await promisify(execFile)(tool, ['-On', '-Oe', '-t', '2', ...args])
      return stdout.trimEnd().split('\n')
    }

    it('walk the whole of a device', async () => {
      const device = network.inventory.devices.find(one => one.id === 'nw-acc-1')!
      const target = `${device.snmp!.host}:${port}`
      const lines = await run('snmpbulkwalk', '-v2c', '-c', 'public', '-Cr30', target, '1')
      const v1 = await run('snmpwalk', '-v1', '-c', 'public', target, '1.3.6.1.2.1.2.2.1')
      expect(lines.length).toBeGreaterThan(1_500)
      expect(v1.length).toBe(22 * 29)
      expect(lines.filter(line => line.startsWith('.1.3.6.1.2.1.31.1.1.1.6.'))).toHaveLength(29)
    })

    it('read exact counters', async () => {
      const [line] = await run('snmpget', '-v2c', '-c', 'public', `127.91.1.1:${port}`, `.${ifHCInOctets}.1`)
      const truth = network.trueCounters('nw-edge-1', 1, clock.nowMs())!
      expect(line).toBe(`.${ifHCInOctets}.1 = Counter64: ${truth.inOctets}`)
    })

    it('names the remedy when its addresses are taken', async () => {
      const second = createSimulatedNetwork({
        seed: 7,
        startMs,
        clock,
        log: silentLogger,
        agentPort: port,
        loopbackPrefix: '127.91',
      })
      await expect(second.start()).rejects.toThrow('another loopback prefix or port')
    })
  },
)
