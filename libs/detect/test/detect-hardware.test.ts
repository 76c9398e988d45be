import { describe, expect, it } from 'vitest'
import { detectHardware } from '../src/index.ts'
import { HardwareDevice, type Sensor } from './hardware-device.ts'

const temperature = (value: number, limits: Partial<Sensor> = { highWarning: 70, highCritical: 80 }): Sensor[] => [
  { id: '1.2.3', class: 'temperature', name: 'Inlet', state: '', value, ...limits },
]
const state = (name: string, word: string, id = '1.2.9'): Sensor[] => [
  { id, class: 'state', name, state: word, value: 1 },
]
const light = (value: number, limits: Partial<Sensor> = {}): Sensor[] => [
  { id: '1.2.4', class: 'dbm', name: 'xe-0 Rx power', state: '', value, ifIndex: 7, ...limits },
]

describe('sensor-limit', () => {
  it("is said at the second reading outside the device's own limits, and ends well inside them", () => {
    const device = new HardwareDevice()
    expect(device.read({ sensors: temperature(69) }, 5)).toEqual([])
    expect(device.read({ sensors: temperature(72) })).toEqual([])
    expect(device.read({ sensors: temperature(72) })).toEqual(['sensor-limit warning device/sw1 1.2.3'])
    expect(device.read({ sensors: temperature(85) })).toEqual(['sensor-limit major device/sw1 1.2.3'])
    expect(device.read({ sensors: temperature(68) }, 10)).toEqual([])
    expect(device.read({ sensors: temperature(66) }, 2)).toEqual(['sensor-limit cleared device/sw1 1.2.3'])
    expect(device.state?.items).toEqual({})
  })

  it('says nothing of one odd reading, of limits that make no sense, or of none', () => {
    const device = new HardwareDevice()
    for (let i = 0; i < 5; i++) {
      device.read({ sensors: temperature(90) })
      device.read({ sensors: temperature(50) })
    }
    device.read({ sensors: temperature(90, { lowWarning: 0, highWarning: 0, lowCritical: 0, highCritical: 0 }) }, 5)
    device.read({ sensors: temperature(90, {}) }, 5)
    expect(device.conditions).toEqual([])
  })

  it('judges a module only while its port is up', () => {
    const device = new HardwareDevice()
    const sensors: Sensor[] = [
      {
        id: '1',
        class: 'dbm',
        name: 'xe-0 Tx power',
        state: '',
        value: -40,
        lowWarning: -8,
        highWarning: 1,
        ifIndex: 7,
      },
    ]
    const interfaces = [{ ifIndex: 7, interfaceId: 'sw1/xe-0', ifName: 'xe-0', adminStatus: 2, operStatus: 2 }]
    expect(device.read({ sensors, interfaces }, 5)).toEqual([])
    expect(device.read({ sensors }, 2)).toEqual(['sensor-limit warning interface/sw1/xe-0 xe-0 Tx power'])
  })

  it('ends when the device no longer lists the sensor for 15 minutes, but not while answers are partial', () => {
    const device = new HardwareDevice()
    device.read({ sensors: temperature(90) }, 2)
    expect(device.read({ partial: true }, 30)).toEqual([])
    expect(device.read({})).toEqual(['sensor-limit cleared device/sw1 1.2.3'])
  })
})

describe('parts', () => {
  it.each([
    ['Fan 1', 'failed', 'fan-failed major'],
    ['Fan Tray 2', 'warning', 'fan-failed minor'],
    ['Power supply 1', 'faulty', 'psu-failed major'],
    ['Power Supply 1 fan', 'down', 'fan-failed major'],
    ['PSU 2', 'off', 'psu-failed major'],
    ['Slot 1 temperature', 'overTemp', 'sensor-limit major'],
    ['Battery replacement', 'batteryNeedsReplacing', 'sensor-limit minor'],
  ])('%s says %s: %s', (name, word, said) => {
    const device = new HardwareDevice()
    expect(device.read({ sensors: state(name, word) }, 3)).toEqual([`${said} device/sw1 1.2.9`])
    const [alarmType] = said.split(' ')
    expect(device.read({ sensors: state(name, 'normal') }, 3)).toEqual([`${alarmType} cleared device/sw1 1.2.9`])
  })

  it('knows a fan by its column when its name does not tell', () => {
    const device = new HardwareDevice()
    const id = '1.3.6.1.4.1.9.9.13.1.4.1.3.1004'
    expect(device.read({ sensors: state('Switch 1, T1', 'critical', id) })).toEqual([
      `fan-failed major device/sw1 ${id}`,
    ])
  })

  it.each(['master', 'hotStandbyRedundant', 'down', 'notPresent', 'unknown', 'rebooting'])(
    'decides nothing of a state that says %s',
    word => {
      const device = new HardwareDevice()
      expect(device.read({ sensors: state('Stack port 1', word) }, 3)).toEqual([])
    },
  )

  it('says that a disk is failing, by its state or by what its controller expects', () => {
    const device = new HardwareDevice()
    const disk = (word: string) => ({ disks: [{ id: 'd1', name: 'Disk 1', state: word, model: 'M', serial: 'S1' }] })
    expect(device.read(disk('crashed'))).toEqual(['disk-failing major device/sw1 d1'])
    expect(device.conditions[0]?.evidence.summary).toBe('Disk 1, M, serial S1: crashed.')
    expect(device.read(disk('normal'))).toEqual(['disk-failing cleared device/sw1 d1'])
    const count: Sensor = { id: '9', class: 'count', name: 'Disk 0/1 predictive failures', state: '', value: 2 }
    expect(device.read({ sensors: [count] })).toEqual(['disk-failing minor device/sw1 9'])
  })

  it('says that power comes from the battery, and that it is low; a self-test is neither', () => {
    const device = new HardwareDevice()
    const ups = (output: string, battery: string): { sensors: Sensor[] } => ({
      sensors: [
        ...state('Output', output, '1.3.6.1.4.1.318.1.1.1.4.1.1.0'),
        ...state('Battery', battery, '1.3.6.1.2.1.33.1.2.1.0'),
        { id: '5', class: 'charge', name: 'Battery charge', state: '', value: 71 },
      ],
    })
    expect(device.read(ups('onLine', 'batteryNormal'), 3)).toEqual([])
    expect(device.read(ups('onBatteryTest', 'batteryNormal'), 3)).toEqual([])
    const said = device.read(ups('onBattery', 'batteryNormal'), 2)
    expect(said).toEqual(['power-on-battery major device/sw1 1.3.6.1.4.1.318.1.1.1.4.1.1.0'])
    expect(device.conditions[0]?.evidence.measured).toMatchObject({ state: 'onBattery', chargePercent: 71 })
    expect(device.read(ups('onBattery', 'batteryLow'))).toContain(
      'power-on-battery critical device/sw1 1.3.6.1.4.1.318.1.1.1.4.1.1.0',
    )
    expect(device.read(ups('onLine', 'batteryNormal'))).toContain(
      'power-on-battery cleared device/sw1 1.3.6.1.4.1.318.1.1.1.4.1.1.0',
    )
  })
})

describe('optic-rx-low', () => {
  const limits = { lowWarning: -14.4, lowCritical: -16.4, highWarning: 0.5, highCritical: 2.5 }
  const port = 'interface/sw1/xe-0 xe-0 Rx power'

  it("is said when the module's limit is reached, and ends half an hour after the light is back", () => {
    const device = new HardwareDevice()
    device.read({ sensors: light(-5, limits) }, 5)
    expect(device.read({ sensors: light(-15, limits) }, 2)).toEqual([`optic-rx-low minor ${port}`])
    expect(device.read({ sensors: light(-17, limits) })).toEqual([`optic-rx-low major ${port}`])
    expect(device.read({ sensors: light(-5, limits) }, 30)).toEqual([])
    expect(device.read({ sensors: light(-5, limits) })).toEqual([`optic-rx-low cleared ${port}`])
  })

  it('finds a drop of two decibels below what was usual long before any limit', () => {
    const device = new HardwareDevice()
    device.read({ sensors: light(-5, limits) }, 60)
    expect(device.read({ sensors: light(-7.1, limits) }, 2)).toEqual([])
    expect(device.read({ sensors: light(-7.1, limits) })).toEqual([`optic-rx-low warning ${port}`])
    expect(device.conditions[0]?.evidence.measured).toMatchObject({ rxDbm: -7.1, medianDbm: -5, dropDb: 2.1 })
    expect(device.read({ sensors: light(-8.5, limits) })).toEqual([`optic-rx-low major ${port}`])
  })

  it('follows slow ageing and does not learn from trouble', () => {
    const device = new HardwareDevice()
    for (let day = 0; day < 30; day++) device.read({ sensors: light(-5 - day * 0.05, limits) }, 1_440)
    expect(device.conditions).toEqual([])
    expect(device.read({ sensors: light(-10, limits) }, 3 * 1_440)[0]).toBe(`optic-rx-low major ${port}`)
    expect(device.conditions.at(-1)?.state).toBe('active')
  })

  it('takes a level that held for a week as the usual one', () => {
    const device = new HardwareDevice()
    device.read({ sensors: light(-5, limits) }, 60)
    const said = device.read({ sensors: light(-9, limits) }, 8 * 1_440)
    expect([said[0], said.at(-1)]).toEqual([`optic-rx-low major ${port}`, `optic-rx-low cleared ${port}`])
    expect(device.read({ sensors: light(-9, limits) }, 100)).toEqual([])
  })

  it('says nothing of a dark port that is down', () => {
    const device = new HardwareDevice()
    device.read({ sensors: light(-5, limits) }, 20)
    const interfaces = [{ ifIndex: 7, interfaceId: 'sw1/xe-0', ifName: 'xe-0', adminStatus: 1, operStatus: 2 }]
    expect(device.read({ sensors: light(-40, limits), interfaces }, 20)).toEqual([])
  })

  it('keeps a state of less than 1 KB, however the light wanders', () => {
    const device = new HardwareDevice()
    for (let i = 0; i < 4_000; i++) device.read({ sensors: light(-10 + 8 * Math.sin(i * i)) })
    expect(JSON.stringify(device.state).length).toBeLessThan(1_200)
  })
})

describe('peer-down', () => {
  const bgp = (word: string) => ({ peers: [{ protocol: 'bgp', address: '192.0.2.1', remoteAs: 64500, state: word }] })
  const ospf = { peers: [{ protocol: 'ospf', address: '192.0.2.9', state: 'full' }] }

  it('is said of a peer that was established, not of one that never was', () => {
    const device = new HardwareDevice()
    expect(device.read(bgp('active'), 5)).toEqual([])
    device.read(bgp('established'), 2)
    expect(device.read(bgp('idle'))).toEqual(['peer-down major device/sw1 bgp/192.0.2.1'])
    expect(device.read(bgp('established'))).toEqual(['peer-down cleared device/sw1 bgp/192.0.2.1'])
  })

  it('is said of a tunnel that was up, not of one that never was or is no longer configured', () => {
    const device = new HardwareDevice()
    const tunnel = (name: string, state: string) => ({ protocol: 'ipsec', name, remoteAddress: '192.0.2.9', state })
    expect(device.read({ tunnels: [tunnel('hq lan', 'up'), tunnel('lab', 'down')] }, 3)).toEqual([])
    expect(device.read({ tunnels: [tunnel('hq lan', 'down'), tunnel('lab', 'down')] })).toEqual([
      'peer-down major device/sw1 ipsec/hq lan',
    ])
    expect(device.conditions[0]?.evidence.summary).toMatch(/^IPsec tunnel hq lan was up and is down at /)
    expect(device.read({ tunnels: [tunnel('hq lan', 'up')] })).toEqual(['peer-down cleared device/sw1 ipsec/hq lan'])
    expect(device.read({ tunnels: [] }, 5)).toEqual([])
  })

  it('is said of an OSPF neighbour that is gone, not of a BGP peer that was removed', () => {
    const device = new HardwareDevice()
    device.read({ peers: [...bgp('established').peers, ...ospf.peers] }, 2)
    expect(device.read({}, 2)).toEqual(['peer-down major device/sw1 ospf/192.0.2.9'])
    expect(device.read(ospf)).toEqual(['peer-down cleared device/sw1 ospf/192.0.2.9'])
  })

  it('waits while answers are partial, and forgets a neighbour after a day', () => {
    const device = new HardwareDevice()
    device.read(ospf, 2)
    expect(device.read({ partial: true }, 10)).toEqual([])
    expect(device.read({}, 1_500)).toEqual([
      'peer-down major device/sw1 ospf/192.0.2.9',
      'peer-down cleared device/sw1 ospf/192.0.2.9',
    ])
    expect(device.state?.items).toEqual({})
  })
})

describe('what is remembered', () => {
  it('is bounded, and says what it left out', () => {
    const peers = Array.from({ length: 3_000 }, (_, i) => ({ protocol: 'bgp', address: `p${i}`, state: 'established' }))
    const found = detectHardware(undefined, {
      ...{ deviceId: 'rr1', siteId: 'hq', atMs: 0, partial: false, sensors: [], disks: [], interfaces: [] },
      peers,
    })
    expect(Object.keys(found.state.items)).toHaveLength(2_048)
    expect(found.refused).toBe(952)
  })
})
