import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createMetrics, ManualClock, silentLogger } from '../../kernel/src/index.ts'
import { inventoryProblems } from '../../model/src/index.ts'
import { decodeMessage, formatOid, notificationOf, type Varbind } from '../../snmp/src/index.ts'
import { createExporterDecoder, type ExporterDecoder, FlowColumns } from '../../wire/src/index.ts'
import { continueHistory, createSimulatedNetwork } from '../src/index.ts'

const startMs = Date.UTC(2026, 9, 21, 9, 30)
const agentPort = 21_000 + (process.pid % 20_000)

describe('the simulated network as a component', () => {
  it('exports from each exporter’s own address what the address table says', async () => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const clock = new ManualClock(startMs)
    const metrics = createMetrics()
    const { port } = socket.address()
    const network = createSimulatedNetwork({
      seed: 7,
      startMs,
      clock,
      log: silentLogger,
      metrics,
      agentPort,
      loopbackPrefix: '127.92',
      flowsTo: { host: '127.0.0.1', ports: { netflow: port, ipfix: port, sflow: port } },
      exporter: { activeTimeoutMs: 10_000 },
    })
    const columns = new FlowColumns()
    const decoders = new Map<string, ExporterDecoder>()
    let received = 0
    socket.on('message', (datagram, from) => {
      received++
      const decoder = decoders.get(from.address) ?? createExporterDecoder()
      decoders.set(from.address, decoder)
      expect(decoder.decode(datagram, from.port, clock.nowMs(), columns).errors).toEqual([])
    })
    await network.start()
    for (let seconds = 0; seconds < 15; seconds++) {
      await clock.advance(1_000)
      await vi.waitFor(() => expect(received).toBe(network.counters.datagrams))
    }
    await vi.waitFor(() =>
      expect(new Set(decoders.keys())).toEqual(new Set(Object.keys(network.collectorAddressTable))),
    )
    expect([...decoders.values()].map(decoder => decoder.counters.sequenceLost)).toEqual(
      new Array(decoders.size).fill(0),
    )
    expect(columns.length).toBeGreaterThan(500)
    expect((await metrics.text()).body).toContain('weir_simulator_datagrams_total{outcome="sent"}')
    await network.stop()
    socket.close()
    // All given back: the same addresses can be taken again.
    await network.start()
    await network.stop()
  })

  it('sends traps of both ends when a link goes down and up, and of a device that boots', async () => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const clock = new ManualClock(startMs)
    const network = createSimulatedNetwork({
      seed: 7,
      startMs,
      clock,
      log: silentLogger,
      agentPort: agentPort + 1,
      loopbackPrefix: '127.93',
      trapsTo: { host: '127.0.0.1', port: socket.address().port },
    })
    const hosts = new Map(network.inventory.devices.map(device => [device.snmp!.host, device.id]))
    const traps: { device: string; trapOid: string; varbinds: readonly Varbind[] }[] = []
    socket.on('message', (datagram, from) => {
      const decoded = decodeMessage(datagram)
      const notification = decoded.ok ? notificationOf(decoded.message) : undefined
      if (!notification) throw new Error('no notification')
      const { trapOid, varbinds } = notification
      traps.push({ device: hosts.get(from.address)!, trapOid: formatOid(trapOid), varbinds })
    })
    const sent = async (device: string, generic: number): Promise<void> => {
      const trapOid = `1.3.6.1.6.3.1.1.5.${generic}`
      await vi.waitFor(() => expect(traps.some(one => one.device === device && one.trapOid === trapOid)).toBe(true))
    }
    await network.start()
    await clock.advance(19_750)
    expect(traps).toEqual([])
    // The fibre is cut at second 20.
    await clock.advance(500)
    await sent('nw-core-1', 3)
    await sent('nw-dist-1', 3)
    expect(traps).toHaveLength(2)
    expect(traps[0]!.varbinds.map(({ value }) => ('value' in value ? value.value : undefined)).slice(1)).toEqual([1, 2])
    // nw-acc-4's agent restarts at 150 s and answers again 2 s later.
    await clock.advance(133_000)
    await sent('nw-acc-4', 1)
    await clock.advance(330_000)
    await sent('nw-core-1', 4)
    await network.stop()
    socket.close()
  })

  it('has a sound inventory and a schedule in order of time', () => {
    const network = createSimulatedNetwork({ seed: 7, startMs, clock: new ManualClock(startMs), log: silentLogger })
    expect(inventoryProblems(network.inventory)).toEqual([])
    expect(network.inventory.devices).toHaveLength(44)
    expect(network.inventory.devices.map(device => device.snmp)).toContainEqual({
      host: '127.10.1.1',
      port: 1_161,
      auth: 'demo',
    })
    expect(network.inventory.circuits).toContainEqual({
      ...{ id: 'nw-edge-1:Gi0-0-1', tenant: 'northwind', provider: 'ISP Oblique backup', circuitId: 'CID-4472' },
      a: { device: 'nw-edge-1', ifName: 'Gi0/0/1' },
      committed: { inBitsPerSecond: 100_000_000, outBitsPerSecond: 100_000_000 },
      ...{ contact: 'noc@provider.example, +1 555 0100', note: 'Circuit NW-7742' },
    })
    expect(network.incidents.map(incident => (incident.atMs - startMs) / 1_000)).toEqual([
      20, 30, 40, 60, 90, 120, 150, 180, 200,
    ])
    expect(network.collectorAddressTable['127.10.2.1']).toEqual({ tenantId: 'harbour', exporterAddress: '192.168.1.1' })
    expect(network.collectorAddressTable['127.10.1.1']).toEqual({
      tenantId: 'northwind',
      exporterAddress: '192.168.1.1',
    })
    // Its flows leave from an address that nobody polls.
    expect(network.collectorAddressTable['127.10.1.2']).toEqual({
      tenantId: 'northwind',
      exporterAddress: '10.255.0.2',
    })
    expect(network.trueCounters('nw-edge-1', 4_711, startMs)).toBeUndefined()
  })

  it('continues where it was when started again with the same start', () => {
    const options = { seed: 7, startMs, clock: new ManualClock(startMs), log: silentLogger }
    const later = startMs + 3 * 86_400_000
    const before = createSimulatedNetwork(options).trueCounters('hb-edge-1', 513, later)
    expect(createSimulatedNetwork(options).trueCounters('hb-edge-1', 513, later)).toEqual(before)
  })

  it('begins the script anew for a later start, and changes nothing of what was', () => {
    const clock = new ManualClock(startMs)
    const first = continueHistory(undefined, startMs)
    expect(first).toEqual({ startMs, runsMs: [startMs] })
    expect(continueHistory(first, startMs + 300_000)).toEqual(first)
    const laterMs = startMs + 47 * 60_000
    const later = continueHistory(JSON.parse(JSON.stringify(first)), laterMs)
    expect(later).toEqual({ startMs, runsMs: [startMs, laterMs] })
    const before = createSimulatedNetwork({ seed: 7, clock, log: silentLogger, ...first })
    const after = createSimulatedNetwork({ seed: 7, clock: new ManualClock(laterMs), log: silentLogger, ...later })
    for (const [device, ifIndex] of [
      ['ac-edge-1', 2],
      ['hb-dist-1', 505],
      ['nw-core-1', 2],
      ['hb-acc-3', 25],
    ] as const) {
      for (const minutes of [1, 9, 33, 46.9]) {
        const atMs = startMs + minutes * 60_000
        expect(after.trueCounters(device, ifIndex, atMs)).toEqual(before.trueCounters(device, ifIndex, atMs))
      }
    }
    expect(after.incidents.map(incident => (incident.atMs - laterMs) / 1_000)).toEqual([
      20, 30, 40, 60, 90, 120, 150, 180, 200,
    ])
    expect(continueHistory(later, startMs + 30 * 3_600_000).runsMs).toHaveLength(1)
    expect(continueHistory({ startMs: 'yesterday' }, startMs)).toEqual(first)
  })
})
