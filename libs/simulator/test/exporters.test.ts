import { describe, expect, it } from 'vitest'
import { createExporterDecoder, FlowColumns, type NameTables } from '../../wire/src/index.ts'
import {
  type CounterName,
  defaultExporterOptions,
  deviceById,
  NetworkModel,
  portByName,
  SimulatedExporter,
  type SimulatedPort,
} from '../src/index.ts'

const startMs = Date.UTC(2026, 9, 21, 9, 30)
const second = 1_000
const model = new NetworkModel({ seed: 7, startMs })

interface Exported {
  datagrams: Buffer[]
  /** What options data taught. */
  names: NameTables
  columns: FlowColumns
}

/** Everything a device exports of the traffic between two times, as a collector decodes it. */
function exported(deviceId: string, fromS: number, untilS: number, activeTimeoutMs = 60_000): Exported {
  const device = deviceById(model.topology, deviceId)
  const exporter = new SimulatedExporter(model, device, device.exporter!, {
    ...defaultExporterOptions,
    activeTimeoutMs,
  })
  const decoder = createExporterDecoder()
  const columns = new FlowColumns()
  const datagrams: Buffer[] = []
  const take = (timeMs: number, those: readonly Buffer[]): void => {
    for (const datagram of those) {
      datagrams.push(datagram)
      const outcome = decoder.decode(datagram, 50_000, timeMs, columns)
      expect(outcome.errors).toEqual([])
      expect(outcome.held).toBe(0)
      // What fits an Ethernet frame after the headers of IPv4 and UDP.
      expect(datagram.length).toBeLessThanOrEqual(1_472)
    }
  }
  for (let seconds = fromS; seconds <= untilS; seconds++) {
    take(startMs + seconds * second, exporter.advance(startMs + seconds * second))
  }
  take(startMs + untilS * second, exporter.flush(startMs + untilS * second))
  expect(decoder.counters.sequenceLost).toBe(0)
  expect(decoder.counters.clockSkewedDatagrams).toBe(0)
  return { datagrams, columns, names: decoder.names.of(50_000) }
}

function delta(port: SimulatedPort, name: CounterName, fromS: number, untilS: number): bigint {
  const counters = model.counters(port.device)
  return counters.value(port, name, startMs + untilS * second) - counters.value(port, name, startMs + fromS * second)
}

function sumOver(columns: FlowColumns, which: 'inputInterface' | 'outputInterface', ifIndex: number) {
  let octets = 0n
  let packets = 0n
  let samples = 0
  for (let i = 0; i < columns.length; i++) {
    if (columns[which][i] !== ifIndex) continue
    const rate = BigInt(columns.samplingRate[i]!)
    octets += columns.octets[i]! * rate
    packets += columns.packets[i]! * rate
    samples += Number(columns.packets[i])
  }
  return { octets, packets, samples }
}

describe.each([
  { device: 'nw-edge-1', protocol: 'NetFlow v9', uplink: 'Gi0/0/0' },
  { device: 'ac-edge-1', protocol: 'NetFlow v5', uplink: 'sfp-sfpplus1' },
])('$device exports $protocol unsampled', ({ device, uplink }) => {
  // 40 s to 540 s is when Acme's uplink is full: the records of the backup would overflow 32 bits.
  const { columns, datagrams } = exported(device, 30, 150)
  const port = portByName(deviceById(model.topology, device), uplink)
  const ifIndex = model.life(port.device).ifIndex(port, startMs)

  it('accounts for every octet that crossed the uplink, frame overhead apart', () => {
    const frameOverhead = 18n
    for (const [direction, which] of [
      ['in', 'inputInterface'],
      ['out', 'outputInterface'],
    ] as const) {
      const flows = sumOver(columns, which, ifIndex)
      expect(flows.packets).toBe(delta(port, `${direction}Unicast`, 30, 150))
      expect(flows.octets + flows.packets * frameOverhead).toBe(delta(port, `${direction}Octets`, 30, 150))
      expect(flows.packets).toBeGreaterThan(100_000n)
    }
  })

  it('exports long flows each active timeout, and nothing that lies outside the time', () => {
    expect(datagrams.length).toBeGreaterThan(20)
    for (let i = 0; i < columns.length; i++) {
      const lastsMs = columns.endMs[i]! - columns.startMs[i]!
      expect(lastsMs).toBeGreaterThanOrEqual(0)
      // The cache looks once a second.
      expect(lastsMs).toBeLessThan(61_000)
      expect(columns.startMs[i]).toBeGreaterThanOrEqual(startMs + 30 * second)
      expect(columns.endMs[i]).toBeLessThanOrEqual(startMs + 150 * second)
    }
  })

  it('sends the same bytes for the same seed', () => {
    const again = exported(device, 30, 60)
    const first = Buffer.concat(exported(device, 30, 60).datagrams)
    expect(Buffer.concat(again.datagrams).equals(first)).toBe(true)
  })
})

it('shows who fills the uplink', () => {
  const { columns } = exported('ac-edge-1', 60, 120, 10_000)
  const bySource = new Map<string, bigint>()
  let total = 0n
  for (let i = 0; i < columns.length; i++) {
    const address = [...columns.sourceAddress.subarray(16 * i + 12, 16 * i + 16)].join('.')
    bySource.set(address, (bySource.get(address) ?? 0n) + columns.octets[i]!)
    if (address === '10.20.10.11' && columns.destinationPort[i] === 873) total += columns.octets[i]!
  }
  const top = [...bySource].reduce((a, b) => (b[1] > a[1] ? b : a))
  expect(top[0]).toBe('10.20.10.11')
  expect(Number(total * 8n) / 60).toBeGreaterThan(0.8e9)
})

describe('sampled exporters', () => {
  it.each([
    { device: 'hb-edge-1', protocol: 'IPFIX 1:100', port: 'xe-0/1/0', overhead: 18n, tolerance: 0.02 },
    { device: 'nw-core-1', protocol: 'sFlow 1:1024', port: 'Ethernet1', overhead: 0n, tolerance: 0.06 },
    { device: 'hb-acc-3', protocol: 'sFlow 1:512', port: '25', overhead: 0n, tolerance: 0.12 },
  ])('$device ($protocol) scales up to what the interface counted', ({ device, port: name, overhead, tolerance }) => {
    const untilS = device === 'hb-acc-3' ? 58 : 150
    const { columns } = exported(device, 2, untilS)
    const port = portByName(deviceById(model.topology, device), name)
    const flows = sumOver(columns, 'inputInterface', model.life(port.device).ifIndex(port, startMs))
    const ratio = Number(flows.octets + flows.packets * overhead) / Number(delta(port, 'inOctets', 2, untilS))
    expect(flows.samples).toBeGreaterThan(100)
    expect(Math.abs(ratio - 1)).toBeLessThan(tolerance)
  })

  it('tells its rate before or with its first record', () => {
    for (const device of ['hb-edge-1', 'nw-core-1']) {
      const { columns } = exported(device, 2, 6)
      expect(columns.length).toBeGreaterThan(10)
      for (let i = 0; i < columns.length; i++)
        expect(columns.samplingRate[i]).toBe(device === 'hb-edge-1' ? 100 : 1_024)
    }
  })
})

it('tells to what its edge translates private sources that leave, and the rest as it came', () => {
  const { columns } = exported('nw-edge-1', 2, 70)
  const v4 = (bytes: Uint8Array, row: number) => bytes.subarray(16 * row + 12, 16 * row + 16).join('.')
  const isPrivate = (text: string) => /^(10|192\.168)\./.test(text)
  const rows = Array.from({ length: columns.length }, (_, row) => row).filter(
    row => columns.sourceAddress[16 * row + 10] === 0xff,
  )
  const leaving = rows.filter(
    row => isPrivate(v4(columns.sourceAddress, row)) && !isPrivate(v4(columns.destinationAddress, row)),
  )
  expect(leaving.length).toBeGreaterThan(10)
  for (const row of leaving) {
    expect(v4(columns.postNatSourceAddress, row)).toMatch(/^198\.51\.100\.6[4-7]$/)
    expect(columns.postNatSourcePort[row]).toBeGreaterThanOrEqual(1_024)
  }
  // A host keeps its address.
  const addresses = new Map<string, Set<string>>()
  for (const row of leaving) {
    const host = v4(columns.sourceAddress, row)
    addresses.set(host, (addresses.get(host) ?? new Set()).add(v4(columns.postNatSourceAddress, row)))
  }
  expect([...addresses.values()].every(those => those.size === 1)).toBe(true)
  const others = rows.filter(row => !leaving.includes(row))
  expect(others.length).toBeGreaterThan(10)
  for (const row of others) {
    expect(v4(columns.postNatSourceAddress, row)).toBe(v4(columns.sourceAddress, row))
    expect(columns.postNatSourcePort[row]).toBe(columns.sourcePort[row])
  }
  for (const row of rows) {
    expect(v4(columns.postNatDestinationAddress, row)).toBe(v4(columns.destinationAddress, row))
  }
})

it('announces what its interfaces and VRFs are called, beside flows that say as much as its interfaces', () => {
  const { columns, names } = exported('nw-fw-1', 2, 150)
  const { ports } = deviceById(model.topology, 'nw-fw-1')
  const life = model.life(ports[0]!.device)
  expect(names.interfaces).toEqual(
    new Map(ports.map(port => [life.ifIndex(port, startMs), { name: port.ifName, description: port.ifAlias }])),
  )
  expect(names.vrfs).toEqual(
    new Map([
      [0, 'root'],
      [1, 'guest'],
    ]),
  )
  for (let i = 0; i < columns.length; i++) expect(names.interfaces.has(columns.inputInterface[i]!)).toBe(true)
  const port = portByName(ports[0]!.device, 'x1')
  const flows = sumOver(columns, 'inputInterface', life.ifIndex(port, startMs))
  expect(flows.samples).toBeGreaterThan(100)
  const ratio = Number(flows.octets + flows.packets * 18n) / Number(delta(port, 'inOctets', 2, 150))
  expect(Math.abs(ratio - 1)).toBeLessThan(0.05)
})

it('falls silent with its device and begins again after the boot', () => {
  const device = deviceById(model.topology, 'hb-acc-3')
  const exporter = new SimulatedExporter(model, device, device.exporter!, defaultExporterOptions)
  const sent = (seconds: number): number => exporter.advance(startMs + seconds * second).length
  let before = 0
  for (let seconds = 50; seconds < 60; seconds++) before += sent(seconds)
  expect(before).toBeGreaterThan(0)
  for (let seconds = 60; seconds < 600; seconds += 7) expect(sent(seconds)).toBe(0)
  let after = 0
  for (let seconds = 600; seconds < 630; seconds++) after += sent(seconds)
  expect(after).toBeGreaterThan(0)
})

it('exports IPv6 as such', () => {
  const { columns } = exported('nw-edge-1', 2, 70)
  let count = 0
  for (let i = 0; i < columns.length; i++) if (columns.sourceAddress[16 * i] === 0x20) count++
  expect(count).toBeGreaterThan(20)
})
