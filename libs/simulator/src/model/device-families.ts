/** ifType values (IANAifType-MIB) that the network has. */
export const ifTypes = { ethernet: 6, loopback: 24, virtual: 53, radio: 71, vlan: 136 } as const

export interface PortGroup {
  count: number
  /** `#` stands for the port's number, counted from `first`. */
  ifName: string
  ifDescr: string
  first: number
  bitsPerSecond: number
  ifType: number
}

/** What a make and model shows over SNMP. */
export interface DeviceFamily {
  vendor: string
  model: string
  version: string
  /** `@` stands for the device's name. */
  sysDescr: string
  sysObjectId: string
  ports: readonly PortGroup[]
  ifIndexFirst: number
  /** Old agents have no ifHC counters (RFC 2863 §3.1.6 wants them from 20 Mbit/s on; they never heard of it). */
  counterBits: 32 | 64
  /** First three octets of its MAC addresses. */
  oui: readonly [number, number, number]
}

const gigabit = 1_000_000_000
const tenGigabit = 10_000_000_000

function ports(count: number, ifName: string, bitsPerSecond: number, more: Partial<PortGroup> = {}): PortGroup {
  return { count, ifName, ifDescr: ifName, first: 1, bitsPerSecond, ifType: ifTypes.ethernet, ...more }
}

const loopback = (ifName: string, ifDescr = ifName): PortGroup =>
  ports(1, ifName, 0, { ifDescr, ifType: ifTypes.loopback, first: 0 })

export const deviceFamilies = {
  asr1001x: {
    vendor: 'Cisco',
    model: 'ASR1001-X',
    version: '16.9.4',
    sysDescr:
      'Cisco IOS Software [Fuji], ASR1000 Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 16.9.4, RELEASE SOFTWARE (fc2)',
    sysObjectId: '1.3.6.1.4.1.9.1.1861',
    ports: [
      ports(6, 'Gi0/0/#', gigabit, { ifDescr: 'GigabitEthernet0/0/#', first: 0 }),
      ports(2, 'Te0/0/#', tenGigabit, { ifDescr: 'TenGigabitEthernet0/0/#', first: 0 }),
      loopback('Lo0', 'Loopback0'),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x00, 0x1e, 0xf6],
  },
  catalyst9500: {
    vendor: 'Cisco',
    model: 'C9500-16X',
    version: '17.6.5',
    sysDescr:
      'Cisco IOS Software [Bengaluru], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.6.5, RELEASE SOFTWARE (fc2)',
    sysObjectId: '1.3.6.1.4.1.9.1.2593',
    ports: [
      ports(16, 'Te1/0/#', tenGigabit, { ifDescr: 'TenGigabitEthernet1/0/#' }),
      ports(1, 'Vl1', gigabit, { ifDescr: 'Vlan1', ifType: ifTypes.virtual }),
      loopback('Lo0', 'Loopback0'),
    ],
    ifIndexFirst: 9,
    counterBits: 64,
    oui: [0x70, 0x0f, 0x6a],
  },
  catalyst9200: {
    vendor: 'Cisco',
    model: 'C9200L-24T-4X',
    version: '17.3.5',
    sysDescr:
      'Cisco IOS Software [Amsterdam], Catalyst L3 Switch Software (CAT9K_LITE_IOSXE), Version 17.3.5, RELEASE SOFTWARE (fc2)',
    sysObjectId: '1.3.6.1.4.1.9.1.2687',
    ports: [
      ports(24, 'Gi1/0/#', gigabit, { ifDescr: 'GigabitEthernet1/0/#' }),
      ports(4, 'Te1/1/#', tenGigabit, { ifDescr: 'TenGigabitEthernet1/1/#' }),
      ports(1, 'Vl1', gigabit, { ifDescr: 'Vlan1', ifType: ifTypes.virtual }),
    ],
    ifIndexFirst: 9,
    counterBits: 64,
    oui: [0x3c, 0x57, 0x31],
  },
  cbs350: {
    vendor: 'Cisco',
    model: 'CBS350-24T-4X',
    version: '3.2.1.1',
    sysDescr: 'CBS350-24T-4X 24-Port Gigabit Stackable Managed Switch with 10G uplinks',
    sysObjectId: '1.3.6.1.4.1.9.6.1.1004.24.4',
    ports: [
      ports(24, 'gi#', gigabit, { ifDescr: 'GigabitEthernet#' }),
      ports(4, 'te#', tenGigabit, { ifDescr: 'TenGigabitEthernet#' }),
    ],
    ifIndexFirst: 49,
    counterBits: 64,
    oui: [0xa4, 0x9b, 0xcd],
  },
  arista7020: {
    vendor: 'Arista',
    model: 'DCS-7020SR-24C2',
    version: '4.28.3M',
    sysDescr: 'Arista Networks EOS version 4.28.3M running on an Arista Networks DCS-7020SR-24C2',
    sysObjectId: '1.3.6.1.4.1.30065.1.3011.7020.3735.24.2878.2',
    ports: [ports(24, 'Ethernet#', tenGigabit), ports(1, 'Management1', gigabit), loopback('Loopback0')],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x28, 0x99, 0x3a],
  },
  fortigate200f: {
    vendor: 'Fortinet',
    model: 'FortiGate-200F',
    version: '7.2.8',
    sysDescr: '@',
    sysObjectId: '1.3.6.1.4.1.12356.101.1.2006',
    ports: [
      ports(2, 'ha#', gigabit),
      ports(1, 'mgmt', gigabit),
      ports(8, 'port#', gigabit),
      ports(4, 'x#', tenGigabit),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x94, 0xff, 0x3c],
  },
  mx204: {
    vendor: 'Juniper',
    model: 'mx204',
    version: '21.4R3-S5.4',
    sysDescr:
      'Juniper Networks, Inc. mx204 internet router, kernel JUNOS 21.4R3-S5.4, Build date: 2023-09-28 10:12:11 UTC Copyright (c) 1996-2023 Juniper Networks, Inc.',
    sysObjectId: '1.3.6.1.4.1.2636.1.1.1.4.152.1.0',
    ports: [
      ports(8, 'xe-0/1/#', tenGigabit, { first: 0 }),
      ports(4, 'et-0/0/#', 100_000_000_000, { first: 0 }),
      ports(1, 'fxp0', gigabit),
      loopback('lo0'),
    ],
    ifIndexFirst: 513,
    counterBits: 64,
    oui: [0x4c, 0x16, 0xfc],
  },
  ex4600: {
    vendor: 'Juniper',
    model: 'ex4600-40f',
    version: '21.2R3-S6.11',
    sysDescr:
      'Juniper Networks, Inc. ex4600-40f Ethernet Switch, kernel JUNOS 21.2R3-S6.11, Build date: 2023-06-30 04:53:04 UTC Copyright (c) 1996-2023 Juniper Networks, Inc.',
    sysObjectId: '1.3.6.1.4.1.2636.1.1.1.4.117.1.0',
    ports: [
      ports(24, 'xe-0/0/#', tenGigabit, { first: 0 }),
      ports(1, 'irb.1', gigabit, { ifType: ifTypes.virtual }),
      loopback('lo0'),
    ],
    ifIndexFirst: 505,
    counterBits: 64,
    oui: [0x88, 0xe0, 0xf3],
  },
  pa3220: {
    vendor: 'Palo Alto Networks',
    model: 'PA-3220',
    version: '10.2.7',
    sysDescr: 'Palo Alto Networks PA-3200 series firewall',
    sysObjectId: '1.3.6.1.4.1.25461.2.3.43',
    ports: [
      ports(1, 'mgmt', gigabit),
      ports(12, 'ethernet1/#', gigabit),
      ports(4, 'ethernet1/#', tenGigabit, { first: 13 }),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x58, 0x49, 0x3b],
  },
  aruba2930f: {
    vendor: 'Aruba',
    model: 'JL253A 2930F-24G-4SFP+',
    version: 'WC.16.11.0012',
    sysDescr:
      'Aruba JL253A 2930F-24G-4SFP+ Switch, revision WC.16.11.0012, ROM WC.16.01.0006 (/ws/swbuildm/rel_yakima_qaoff/code/build/lvm(swbuildm_rel_yakima_qaoff_rel_yakima))',
    sysObjectId: '1.3.6.1.4.1.11.2.3.7.11.181.14',
    ports: [
      ports(24, '#', gigabit),
      ports(4, '#', tenGigabit, { first: 25 }),
      ports(1, 'DEFAULT_VLAN', 0, { ifType: ifTypes.virtual }),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0xec, 0xeb, 0xb8],
  },
  procurve2524: {
    vendor: 'HP',
    model: 'J4813A ProCurve 2524',
    version: 'F.05.72',
    sysDescr: 'HP J4813A ProCurve Switch 2524, revision F.05.72, ROM F.02.01  (/sw/code/build/info(s02))',
    sysObjectId: '1.3.6.1.4.1.11.2.3.7.11.19',
    ports: [ports(24, '#', 100_000_000), ports(2, '#', gigabit, { first: 25 })],
    ifIndexFirst: 1,
    counterBits: 32,
    oui: [0x00, 0x30, 0xc1],
  },
  ccr2004: {
    vendor: 'MikroTik',
    model: 'CCR2004-1G-12S+2XS',
    version: '7.12.1',
    sysDescr: 'RouterOS CCR2004-1G-12S+2XS',
    sysObjectId: '1.3.6.1.4.1.14988.1',
    ports: [
      ports(1, 'ether#', gigabit),
      ports(12, 'sfp-sfpplus#', tenGigabit),
      ports(1, 'bridge#', 0, { ifType: 209 }),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x48, 0xa9, 0x8a],
  },
  crs317: {
    vendor: 'MikroTik',
    model: 'CRS317-1G-16S+',
    version: '7.12.1',
    sysDescr: 'RouterOS CRS317-1G-16S+',
    sysObjectId: '1.3.6.1.4.1.14988.1',
    ports: [ports(1, 'ether#', gigabit), ports(16, 'sfp-sfpplus#', tenGigabit)],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x2c, 0xc8, 0x1b],
  },
  accessPoint: {
    vendor: 'Ubiquiti',
    model: 'U6-Pro',
    version: '6.5.62',
    sysDescr: 'U6-Pro 6.5.62.14788',
    sysObjectId: '1.3.6.1.4.1.41112',
    ports: [
      loopback('lo'),
      ports(1, 'eth0', gigabit),
      ports(2, 'wifi#', 1_200_000_000, { first: 0, ifType: ifTypes.radio }),
    ],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x78, 0x45, 0x58],
  },
  linuxServer: {
    vendor: 'net-snmp',
    model: 'Linux',
    version: '6.1.0-21-amd64',
    sysDescr: 'Linux @ 6.1.0-21-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03) x86_64',
    sysObjectId: '1.3.6.1.4.1.8072.3.2.10',
    ports: [loopback('lo'), ports(2, 'ens#f0', tenGigabit)],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0xb4, 0x96, 0x91],
  },
  nas: {
    vendor: 'Synology',
    model: 'RS2423+',
    version: 'DSM 7.2-64570',
    sysDescr: 'Linux @ 4.4.302+ #64570 SMP Thu Jul 20 00:03:05 CST 2023 x86_64',
    sysObjectId: '1.3.6.1.4.1.8072.3.2.10',
    ports: [loopback('lo'), ports(2, 'eth#', tenGigabit, { first: 0 })],
    ifIndexFirst: 1,
    counterBits: 64,
    oui: [0x00, 0x11, 0x32],
  },
  smartUps: {
    vendor: 'APC',
    model: 'Smart-UPS 1500',
    version: 'v7.0.4',
    sysDescr:
      'APC Web/SNMP Management Card (MB:v4.2.9 PF:v7.0.4 PN:apc_hw05_aos_704.bin AF1:v7.0.4 AN1:apc_hw05_sumx_704.bin MN:AP9631 HR:08 SN: 5A2215T09733 MD:04/11/2022)',
    sysObjectId: '1.3.6.1.4.1.318.1.3.27',
    ports: [loopback('lo'), ports(1, 'eth#', 100_000_000, { first: 0 })],
    ifIndexFirst: 1,
    counterBits: 32,
    oui: [0x00, 0xc0, 0xb7],
  },
} as const satisfies Record<string, DeviceFamily>

export type DeviceFamilyName = keyof typeof deviceFamilies
