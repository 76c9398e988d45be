import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  circuitOf,
  circuitsByPort,
  inventoryProblems,
  inventorySchema,
  parseInterfaceDescription,
} from '../src/index.ts'
import { parseSpeed } from '../src/interface-description.ts'

describe('descriptions of interfaces', () => {
  it.each([
    ['Transit: Level3 [10G] (via DC2) {BBM/4471}', 'transit', 'Level3', 1e10, 'via DC2', 'BBM/4471'],
    ['Cust: Example Ltd [100M]', 'cust', 'Example Ltd', 1e8, '', ''],
    ['peering:AMS-IX', 'peering', 'AMS-IX', undefined, '', ''],
    ['  CORE :  core-2   te1 {DWDM-11}', 'core', 'core-2 te1', undefined, '', 'DWDM-11'],
    ['Cust: A {C1} [1.5G] (note)', 'cust', 'A', 1.5e9, 'note', 'C1'],
    ['Transit: x [fast] (open {C2', 'transit', 'x', undefined, '', ''],
  ] as const)('%s', (text, kind, name, speed, note, circuitId) => {
    const rate = speed === undefined ? undefined : { inBitsPerSecond: speed, outBitsPerSecond: speed }
    expect(parseInterfaceDescription(text)).toEqual({ kind, name, speed: rate, note, circuitId })
  })

  it.each(['', 'Uplink: x', 'Custom: x', 'Transit', 'Cust:', 'Cust: [10M] {x}', 'to Core: x'])('%j is none', text => {
    expect(parseInterfaceDescription(text)).toBeUndefined()
  })

  it.each([
    ['10M', 1e7],
    ['1.5G', 1.5e9],
    ['1,5G', 1.5e9],
    ['100 Mbit', 1e8],
    ['100Mbps', 1e8],
    ['100 Mbit/s', 1e8],
    ['2x10G', 2e10],
    ['512k', 512_000],
    ['10Gb', 1e10],
    ['64000 bit/s', 64_000],
    ['1T', 1e12],
  ])('[%s] is %d bit/s', (text, rate) => {
    expect(parseSpeed(text)).toEqual({ inBitsPerSecond: rate, outBitsPerSecond: rate })
  })

  it('has in and out apart where both are given', () => {
    expect(parseSpeed('100M/20M')).toEqual({ inBitsPerSecond: 1e8, outBitsPerSecond: 2e7 })
    expect(parseSpeed('1 Gbit/s / 200 Mbit/s')).toEqual({ inBitsPerSecond: 1e9, outBitsPerSecond: 2e8 })
  })

  it.each(['', '100', 'fast', '10MB', '10MB/s', '0M', '-5M', '1e9', '999999999T', '10M/', '10 M M', '1.2.3G'])(
    '[%s] is no speed',
    text => {
      expect(parseSpeed(text)).toBeUndefined()
    },
  )

  it('F51: of any octets whatever are read in bounded time, without control characters', () => {
    for (const hostile of [
      '"><script>alert(1)</script>',
      '=cmd()',
      'a\nb\0c\u0007',
      '\ufffd'.repeat(255),
      '['.repeat(255),
    ]) {
      const found = parseInterfaceDescription(`Cust: ${hostile} (${hostile}) {${hostile}} [${hostile}]`)
      expect(JSON.stringify(found ?? null)).not.toMatch(/\\u00|\\n/)
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), text => {
        const found = parseInterfaceDescription(`Transit: ${text}`)
        if (!found) return
        expect(`${found.name}${found.note}${found.circuitId}`).not.toMatch(/[\p{Cc}]/u)
        expect(found.name.length).toBeLessThanOrEqual(128)
      }),
    )
  })
})

const base = {
  tenants: [{ id: 'acme' }, { id: 'zeta' }],
  sites: [
    { id: 'hq', tenant: 'acme' },
    { id: 'z', tenant: 'zeta' },
  ],
  devices: [
    { id: 'r1', tenant: 'acme', site: 'hq', address: '192.0.2.1' },
    { id: 'r2', tenant: 'acme', site: 'hq', address: '192.0.2.2' },
    { id: 'z1', tenant: 'zeta', site: 'z', address: '192.0.2.3' },
  ],
}
const circuit = {
  ...{ id: 'c1', tenant: 'acme', provider: 'Meridian', circuitId: 'CID-1', contact: '+1 555 0100' },
  committed: { inBitsPerSecond: 100e6, outBitsPerSecond: 20e6 },
  a: { device: 'r1', ifName: 'ge-0' },
  b: { device: 'r2', ifName: 'ge-1' },
}

describe('circuits', () => {
  it('are known at both ends, each with its own in and out', () => {
    const ports = circuitsByPort(inventorySchema.parse({ ...base, circuits: [circuit] }))
    expect(ports['acme/r1']?.['ge-0']).toMatchObject({ provider: 'Meridian', committed: circuit.committed })
    expect(ports['acme/r2']?.['ge-1']?.committed).toEqual({ inBitsPerSecond: 20e6, outBitsPerSecond: 100e6 })
  })

  it('of `capacities` have a rate and nothing else', () => {
    const committed = { inBitsPerSecond: 1e6, outBitsPerSecond: 1e6 }
    const devices = [{ ...base.devices[0], capacities: { 'ge-0': committed } }]
    const ports = circuitsByPort(inventorySchema.parse({ ...base, devices }))
    expect(ports['acme/r1']?.['ge-0']).toEqual({
      ...{ source: 'inventory', provider: '', circuitId: '', contact: '', note: '', committed },
    })
  })

  it('of the inventory stand before those of descriptions', () => {
    const ports = circuitsByPort(inventorySchema.parse({ ...base, circuits: [circuit] }))['acme/r1']
    expect(circuitOf(ports, 'ge-0', 'Transit: Other [10M] {X}', 1e9)?.provider).toBe('Meridian')
    expect(circuitOf(ports, 'ge-9', 'Transit: Other [10M] {X}', 1e9)).toMatchObject({
      ...{ source: 'description', kind: 'transit', provider: 'Other', circuitId: 'X' },
      committed: { inBitsPerSecond: 1e7, outBitsPerSecond: 1e7 },
    })
    expect(circuitOf(undefined, 'constructor', 'nothing', 1e9)).toBeUndefined()
    expect(circuitOf(ports, 'constructor', '', 1e9)).toBeUndefined()
  })

  it('are not cables: a core link with nothing but its far end', () => {
    expect(circuitOf(undefined, 'a', 'Core: core-2 te1', 1e9)).toBeUndefined()
    expect(circuitOf(undefined, 'a', 'Core: core-2 {DWDM-11}', 1e9)).toMatchObject({ circuitId: 'DWDM-11' })
  })

  it('are never wider than their port', () => {
    expect(circuitOf(undefined, 'a', 'Transit: x [10G]', 1e9)?.committed).toBeUndefined()
    expect(circuitOf(undefined, 'a', 'Transit: x [1G]', 1e9)?.committed).toBeUndefined()
    expect(circuitOf(undefined, 'a', 'Transit: x [1G]', 0)?.committed).toBeDefined()
    expect(circuitOf(undefined, 'a', 'Transit: x [1G/200M]', 1e9)?.committed?.outBitsPerSecond).toBe(2e8)
  })

  it('that cannot be are named', () => {
    const problems = (circuits: object[], devices: object[] = base.devices) =>
      inventoryProblems(inventorySchema.parse({ ...base, devices, circuits }))
    expect(problems([circuit])).toEqual([])
    const { b: _, ...oneEnd } = circuit
    expect(problems([circuit, { ...oneEnd, id: 'c2' }])).toEqual(['circuit "c2" and circuit "c1" are both at r1/ge-0'])
    expect(problems([{ ...oneEnd, a: { device: 'z1', ifName: 'x' } }])).toEqual([
      'circuit "c1" of tenant "acme" names device "z1" of tenant "zeta"',
    ])
    expect(problems([{ ...oneEnd, a: { device: 'r9', ifName: 'x' } }])).toEqual([
      'circuit "c1" names the unknown device "r9"',
    ])
    expect(problems([oneEnd, oneEnd])).toContain('circuit "c1" is given twice; ids are unique')
    const capacities = { 'ge-0': { inBitsPerSecond: 1, outBitsPerSecond: 1 } }
    expect(problems([oneEnd], [{ ...base.devices[0], capacities }])).toEqual([
      'circuit "c1" and "capacities" of device "r1" both give a rate for ge-0; keep one',
    ])
  })
})
