import { describe, expect, it } from 'vitest'
import { compareVersions } from '../src/firmware/version-order.ts'
import { inRange, parseRange } from '../src/firmware/version-range.ts'

/** Each list in rising order, as the vendor released them. */
const rising: readonly (readonly [os: string, versions: readonly string[], source: string])[] = [
  [
    'ios',
    ['15.1(4)M', '15.2(4)M5', '15.2(4)M6', '15.2(4)M6a', '15.2(4)M11', '15.3(3)M', '15.7(3)M2'],
    'Cisco IOS 15M&T release notes',
  ],
  ['ios', ['12.2(55)SE', '12.2(55)SE5', '12.2(55)SE12', '15.0(1)SE', '15.0(2)SE11'], 'Catalyst 2960/3560'],
  ['ios', ['15.2(2)E', '15.2(7)E0b', '15.2(7)E3', '15.2(7)E10', '15.2(8)E'], 'Catalyst 2960-X'],
  ['ios', ['15.2(3)T', '15.2(4)M'], 'T releases lead to M'],
  ['iosxe', ['3.16.5S', '16.3.1', '16.9.4', '16.12.5', '16.12.5b', '17.03.04a', '17.3.5', '17.12.1'], 'IOS XE'],
  ['iosxe', ['03.06.05.E', '3.6.8E', '3.8.1E', '16.1.1'], 'IOS XE 3E'],
  ['iosxe', ['16.9.4', 'Cupertino-17.9.4', '17.9.4a'], 'IOS XE names'],
  [
    'nxos',
    ['6.1(2)I3(4)', '7.0(3)I7(8)', '7.0(3)I7(10)', '9.2(1)', '9.3(5)', '9.3(10)', '10.2(3)F', '10.3(4a)M'],
    'N9k',
  ],
  ['nxos', ['7.3(7)N1(1)', '7.3(8)N1(1)', '7.3(8)N1(1b)'], 'Nexus 5600'],
  ['asa', ['9.8(4)', '9.8(4)22', '9.12(4)', '9.12(4)67', '9.16(1)'], 'ASA interim releases'],
  [
    'junos',
    ['18.4R2-S7.4', '20.2R3-S4', '21.2R3-S6.11', '21.4R3-S2.3', '21.4R3-S2.4', '21.4R3-S5.4', '22.1R1', '22.2R3'],
    'Junos release numbers',
  ],
  ['junos', ['12.3X48-D75', '12.3X48-D105', '12.3X48-D105.4'], 'SRX'],
  ['arista_eos', ['4.24.1.1F', '4.27.1F', '4.27.10M', '4.28.3M', '4.30.1F'], 'EOS'],
  ['fortigate', ['v6.4.9 build1966', 'v7.0.12', 'v7.2.5 build1517', 'v7.2.5 build1518', '7.2.10', '7.4.1'], 'FortiOS'],
  ['panos', ['9.1.14', '10.1.6-b3', '10.1.6', '10.1.6-h3', '10.1.6-h10', '10.1.7', '11.0.2-h1'], 'PAN-OS hotfixes'],
  ['procurve', ['KB.16.09.0014', 'KB.16.10.0002', 'KB.16.10.0012', 'KB.16.11.0001'], 'ArubaOS-Switch'],
  ['arubaos-cx', ['FL.10.06.0110', 'FL.10.08.1010', 'FL.10.10.1030'], 'AOS-CX'],
  [
    'routeros',
    ['6.48.6', '6.49.7', '6.49.10 (long-term)', '7.1', '7.12.1', '7.13beta2', '7.13rc3', '7.13', '7.14.1'],
    'RouterOS',
  ],
  [
    'vrp',
    ['V200R010C00SPC600', 'V200R019C00', 'V200R019C10', 'V200R019C10SPC500', 'V200R019C10SPC800', 'V200R021C00SPC100'],
    'VRP',
  ],
  ['comware', ['7.1.070 Release 3507', '7.1.070 Release 3507P02', '7.1.070 Release 6710P01'], 'Comware 7'],
  ['arubaos', ['8.6.0.4', '8.10.0.6', '8.10.0.10', '8.11.1.0'], 'ArubaOS controllers'],
  ['timos', ['C-19.10.R6', 'B-20.10.R4', '20.10.R12', '22.2.R1'], 'SR OS'],
  ['fastiron', ['08.0.90hT211', '08.0.92dT213', '08.0.95T213', '08.0.95dT213', '09.0.10'], 'FastIron'],
  ['fabos', ['v8.2.3c', 'v8.2.3d', '9.0.1', '9.1.1a'], 'Fabric OS'],
  ['dnos', ['9.14(0.1)', '9.14(2.12)', '9.14(2.20)'], 'Dell Networking OS 9'],
  ['xos', ['16.2.5.4', '16.2.5.4-patch1-3', '16.2.5.4-patch1-29', '31.7.1.4'], 'ExtremeXOS'],
  ['sonicwall', ['6.5.4.12-101n', '6.5.4.13-105n', '7.0.1-5111', '7.0.1-5145'], 'SonicOS'],
  ['dsm', ['DSM 7.1.1-42962', 'DSM 7.2-64570', '7.2.1-69057', '7.2.1-69057 Update 5'], 'DSM'],
  ['unifi', ['6.5.62', '6.6.55.15189'], 'plain numbers'],
  ['windows', ['10.0.17763', '10.0.20348'], 'plain numbers'],
]

/** Versions of which nobody can say which is newer. */
const untold: readonly (readonly [os: string, a: string, b: string])[] = [
  ['ios', '15.2(4)M6', '15.2(7)E3'],
  ['ios', '12.2(33)SXI14', '15.1(2)SY'],
  ['nxos', '7.3(8)N1(1)', '9.3(5)'],
  ['nxos', '10.2(3)F', '10.2(3)M'],
  ['iosxe', '3.16.5S', '3.8.1E'],
  ['junos', '15.1X49-D170', '17.3R1'],
  ['junos', '21.4R3-EVO', '21.4R3'],
  ['junos', '21.4I20220101', '21.4R1'],
  ['arista_eos', '4.28.3F', '4.28.3M'],
  ['procurve', 'KB.16.10.0012', 'WC.16.11.0001'],
  ['vrp', 'V200R019C10', 'V600R007C00'],
  ['linux', '6.1.0-21-amd64', '6.1.0-22-amd64'],
  ['ios', 'unknown', '15.2(4)M6'],
  ['panos', '', '10.1.6'],
  ['comware', 'Release 3507P02', '7.1.070 Release 3507P02'],
  ['sonic', '__proto__', '1'],
]

describe('compareVersions', () => {
  it.each(rising)('%s: %j (%s)', (os, versions) => {
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries()) {
        expect([a, b, compareVersions(os, a, b)]).toEqual([a, b, Math.sign(i - j)])
      }
    }
  })

  it.each(untold)('%s cannot tell %s from %s', (os, a, b) => {
    expect([compareVersions(os, a, b), compareVersions(os, b, a)]).toEqual([undefined, undefined])
  })

  it('takes what is written in two ways for the same', () => {
    for (const [os, a, b] of [
      ['iosxe', '17.03.04a', '17.3.4a'],
      ['junos', '21.4R3-S2.3', '21.4R3-S2'],
      ['fortigate', 'v7.2.5 build1517', '7.2.5'],
      ['fortigate', 'v7.2.5,build1517,230606 (GA.F)', 'v7.2.5 build1517'],
      ['routeros', '7.12.1 (stable)', '7.12.1'],
      ['procurve', 'KB.16.10.0012', '16.10.12'],
      ['unifi', 'v6.5', '6.5.0'],
      ['acme', 'garbage', 'garbage '],
    ] as const) {
      expect([os, compareVersions(os, a, b)]).toEqual([os, 0])
    }
  })
})

describe('ranges of versions', () => {
  it.each([
    ['junos', '>=21.2R1 <21.2R3-S6 || >=21.4R1 <21.4R3-S6', '21.4R3-S5.4', true],
    ['junos', '>=21.2R1 <21.2R3-S6 || >=21.4R1 <21.4R3-S6', '21.3R1', false],
    ['junos', '<20.4', '21.4R3', false],
    ['junos', '<17.3R3', '15.1X49-D170', undefined],
    ['iosxe', '16.9.x', '16.9.4', true],
    ['iosxe', '16.9.*', '16.12.1', false],
    ['iosxe', '16.9.4', '16.9.4', true],
    ['fortigate', '>= v7.2.0 build1157, <v7.2.6 build1575', 'v7.2.5 build1517', true],
    ['routeros', '<=6.49.10 (long-term)', '6.49.10 (long-term)', true],
    ['ios', '<15.2(7)E4 || <15.2(4)M11', '15.2(4)M6a', true],
    ['ios', '<15.2(7)E4', '15.2(4)M6a', undefined],
    ['ios', '12.2(55)SE3 || 15.2(4)M5', '15.2(4)M6', false],
    ['ios', '12.2(55)SE3', 'unread', undefined],
    ['anything', '*', 'whatever it says', true],
  ] as const)('%s: %s holds %s: %s', (os, text, version, expected) => {
    const range = parseRange(text)
    if (typeof range === 'string') throw new Error(range)
    expect(inRange(os, version, range)).toBe(expected)
  })

  it.each(['', '>=', '<1 ||', '>=1 <', 'x'.repeat(2_000)])('refuses %j', text => {
    expect(parseRange(text)).toBeTypeOf('string')
  })
})
