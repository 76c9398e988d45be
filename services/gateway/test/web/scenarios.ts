import type { Alarm, AlarmType, InterfaceTile, Severity, SiteTile, Tiles } from '../../../../libs/model/src/index.ts'
import { alarmId } from '../../../../libs/model/src/index.ts'

/** What a wall is given to show, as of `nowMs`; the same seed gives the same network. */
export interface Scenario {
  alarms: Alarm[]
  tiles: Tiles
}

export const scenarioNames = [
  'calm',
  'one',
  'storm',
  'stale',
  'flood',
  'names',
  'sixty',
  'first-poll',
  'empty',
  'blind',
] as const
export type ScenarioName = (typeof scenarioNames)[number]

export function scenario(name: ScenarioName, nowMs: number): Scenario {
  switch (name) {
    case 'calm':
      return network({ sites: 24, nowMs })
    case 'one':
      return withAlarms(network({ sites: 24, nowMs }), sampleAlarms(nowMs).slice(0, 1))
    case 'storm':
      return withAlarms(network({ sites: 24, nowMs }), sampleAlarms(nowMs))
    case 'sixty':
      return withAlarms(network({ sites: 60, nowMs }), [...sampleAlarms(nowMs), ...spread(60, 18, nowMs)])
    case 'stale':
      return staleNetwork(nowMs)
    case 'flood':
      return withAlarms(network({ sites: 60, nowMs }), [...sampleAlarms(nowMs), ...floodAlarms(nowMs)])
    case 'names':
      return hostileNames(nowMs)
    case 'first-poll':
      return beforeTheFirstPoll(nowMs)
    case 'empty':
      return { alarms: [], tiles: {} }
    case 'blind': {
      const calm = network({ sites: 24, nowMs })
      const { overview } = calm.tiles
      return {
        ...calm,
        tiles: { ...calm.tiles, overview: { ...overview!, lastFlowMs: nowMs - 400_000, flowBitsPerSecond: 0 } },
      }
    }
  }
}

const tenants = [
  'Acme Logistics',
  'Brandt & Söhne',
  'Cascade Health',
  'Delta Foods',
  'Ecole Centrale',
  'Fjord Shipping',
]
const towns = ['Berlin', 'Köln', 'Lyon', 'Porto', 'Tromsø', 'Łódź', 'Gent', 'Split', 'Bilbao', 'Turku']

export function tenantIdOf(index: number): string {
  return tenants[index % tenants.length]!.toLowerCase().replace(/[^a-z]+/g, '-')
}

export function siteTile(index: number, nowMs: number): SiteTile {
  const town = towns[Math.floor(index / tenants.length) % towns.length]!
  const devices = 3 + (index % 5)
  return {
    tenantId: tenantIdOf(index),
    tenantName: tenants[index % tenants.length]!,
    siteId: `site-${index}`,
    siteName: town,
    devices,
    devicesReachable: devices,
    devicesStale: 0,
    alarms: { warning: 0, minor: 0, major: 0, critical: 0 },
    inBitsPerSecond: 4e8,
    outBitsPerSecond: 2e8,
    oldestPollMs: nowMs - 28_000,
    newestPollMs: nowMs - 4_000,
    intervalMs: 30_000,
  }
}

function network({ sites, nowMs }: { sites: number; nowMs: number }): Scenario {
  const siteTiles = Array.from({ length: sites }, (_, index) => siteTile(index, nowMs))
  const devices = siteTiles.reduce((sum, site) => sum + site.devices, 0)
  const minutes = nowMs / 60_000
  return {
    alarms: [],
    tiles: {
      overview: {
        asOfMs: nowMs,
        devices,
        devicesReachable: devices,
        devicesStale: 0,
        interfaces: devices * 26,
        exporters: Math.ceil(sites / 2),
        lastFlowMs: nowMs - 700,
        flowRecordsPerSecond: 8_400 + 900 * Math.sin(minutes),
        flowBitsPerSecond: 3.2e9 + 6e8 * Math.sin(minutes / 4) + 1e8 * Math.sin(nowMs / 1000),
        pipelineLagMs: 640 + 200 * Math.sin(minutes),
      },
      sites: siteTiles,
      worstInterfaces: Array.from({ length: 8 }, (_, index) => link(index, nowMs)),
      exporters: Array.from({ length: Math.ceil(sites / 2) }, (_, index) => ({
        tenantId: tenantIdOf(index),
        exporterId: `${tenantIdOf(index)}/collector-1/10.${index}.0.1`,
        bitsPerSecond: 1e8,
        packetsPerSecond: 2e4,
        recordsPerSecond: 300,
        lastSeenMs: nowMs - 900,
      })),
    },
  }
}

const linkNames = [
  ['core-1', 'xe-0/0/3', 'Transit Arelion AS1299 LOA-48213'],
  ['edge-2', 'TenGigabitEthernet1/0/24', 'Uplink to core-1'],
  ['fw-a', 'port7', 'WAN 500M Proximus'],
  ['dist-3', 'Ethernet1/49', 'LAG 4 to dist-4'],
  ['core-2', 'et-0/1/0', 'IX peering LAN'],
  ['edge-7', 'ge-0/0/1', 'MPLS'],
  ['acc-12', 'GigabitEthernet1/0/48', 'Uplink'],
  ['acc-4', 'ether1-gateway', ''],
] as const

export function link(index: number, nowMs: number): InterfaceTile {
  const [device, ifName, ifAlias] = linkNames[index % linkNames.length]!
  const peak = Math.max(0.2, 0.97 - index * 0.09)
  const history = Array.from({ length: 60 }, (_, minute) => {
    if (index === 2 && minute > 22 && minute < 31) return null
    const wave = 0.55 + 0.3 * Math.sin((minute + index * 9) / 7) + 0.1 * Math.sin(minute * 1.7 + index)
    return Math.max(0.02, Math.min(1, peak * (0.35 + 0.65 * (minute / 59)) * (0.7 + 0.3 * wave)))
  })
  history[59] = peak
  const speed = index % 2 ? 1e9 : 1e10
  return {
    tenantId: tenantIdOf(index),
    siteId: `site-${index}`,
    deviceId: device,
    interfaceId: `${device}/${ifName}`,
    ifName,
    ifAlias,
    ifIndex: 10 + index,
    speedBitsPerSecond: speed,
    inBitsPerSecond: peak * speed,
    outBitsPerSecond: peak * speed * 0.3,
    utilisationIn: peak,
    utilisationOut: peak * 0.3,
    adminStatus: 1,
    operStatus: 1,
    asOfMs: nowMs - 6_000 - index * 900,
    intervalMs: 30_000,
    history,
  }
}

export interface AlarmSketch {
  type: AlarmType
  severity: Severity
  site: number | null
  device: string
  ifName?: string
  agoMs: number
  summary: string
  action: string
  more?: Partial<Alarm>
}

export function alarm(sketch: AlarmSketch, nowMs: number): Alarm {
  const { type, severity, site, device, ifName, agoMs, summary, action, more } = sketch
  const tenantId = tenantIdOf(site ?? 0)
  const resource = ifName === undefined ? `device/${device}` : `interface/${device}/${ifName}`
  const raised = nowMs - agoMs
  return {
    tenantId,
    alarmId: alarmId(tenantId, type, resource, '', raised),
    alarmTypeId: type,
    resource,
    qualifier: '',
    deviceId: device,
    siteId: site === null ? null : `site-${site}`,
    perceivedSeverity: severity,
    isCleared: false,
    condition: 'active',
    operatorState: 'none',
    shelving: 'unshelved',
    shelvedUntil: null,
    raisedAt: new Date(raised).toISOString(),
    changedAt: new Date(raised).toISOString(),
    clearedAt: null,
    evidence: { summary, action, measured: {}, expected: {} },
    incidentId: null,
    acknowledgedBy: null,
    occurrences: 1,
    rev: 1,
    ...more,
  }
}

export function sampleAlarms(nowMs: number): Alarm[] {
  const minute = 60_000
  const sketches: AlarmSketch[] = [
    {
      type: 'site-dark',
      severity: 'critical',
      site: 7,
      device: 'edge-2',
      agoMs: 4 * minute,
      summary: '6 of 6 devices silent for 90 s after an on-battery trap; expected an answer each 30 s',
      action: 'Call the site about mains power; the UPS reported 11 minutes left',
    },
    {
      type: 'link-saturation',
      severity: 'critical',
      site: 0,
      device: 'core-1',
      ifName: 'xe-0/0/3',
      agoMs: 14 * minute,
      summary: '97 % of 10 Gbit/s in for 12 min and 0.4 % drops; expected at most 80 %',
      action: 'Top talker 10.20.4.17 to 185.3.2.9: move its backup window or shape it',
    },
    {
      type: 'link-corruption',
      severity: 'major',
      site: 9,
      device: 'dist-3',
      ifName: 'Ethernet1/49',
      agoMs: 52 * minute,
      summary: '3.1e-5 of frames damaged over 10 min; expected below 1e-8',
      action: 'Clean or replace the optic at the far end, dist-4 Ethernet1/50',
    },
    {
      type: 'link-flapping',
      severity: 'major',
      site: 13,
      device: 'acc-12',
      ifName: 'GigabitEthernet1/0/48',
      agoMs: 33 * minute,
      summary: '9 state changes in 10 min; expected none',
      action: 'Check the cable and the far end’s autonegotiation',
      more: { condition: 'flapping', occurrences: 9 },
    },
    {
      type: 'optic-rx-low',
      severity: 'minor',
      site: 4,
      device: 'core-2',
      ifName: 'et-0/1/0',
      agoMs: 26 * 60 * minute,
      summary: 'Rx -13.9 dBm; expected above -12.5 dBm, falling 0.2 dB a day',
      action: 'Plan an optic swap within 9 days',
    },
    {
      type: 'beaconing',
      severity: 'warning',
      site: 2,
      device: 'fw-a',
      agoMs: 3 * 60 * minute,
      summary: '10.8.3.44 calls 203.0.113.9:443 each 60.0 s ± 0.4 s for 3 h; expected no fixed rhythm',
      action: 'Ask the owner of 10.8.3.44; isolate it if nobody knows the program',
    },
    {
      type: 'psu-failed',
      severity: 'major',
      site: 16,
      device: 'core-5',
      agoMs: 8 * 60 * minute,
      summary: 'Power supply 2 reports no input; expected 2 of 2 supplies',
      action: 'Check feed B in rack 4',
      more: { operatorState: 'ack', acknowledgedBy: 'anna' },
    },
    {
      type: 'capacity-exhaustion',
      severity: 'minor',
      site: 3,
      device: 'dist-1',
      ifName: 'Ethernet1/1',
      agoMs: 2 * 24 * 60 * minute,
      summary: 'Reaches 80 % in 21 days at the present growth; expected more than 90 days',
      action: 'Order the second 10 Gbit/s circuit',
      more: { shelving: 'shelved', shelvedUntil: new Date(nowMs + 40 * minute).toISOString() },
    },
    {
      type: 'link-down',
      severity: 'critical',
      site: 5,
      device: 'edge-7',
      ifName: 'ge-0/0/1',
      agoMs: 20 * minute,
      summary: 'Operationally down while administratively up',
      action: '',
      more: { isCleared: true, condition: 'cleared', clearedAt: new Date(nowMs - 50_000).toISOString() },
    },
  ]
  return sketches.map(sketch => alarm(sketch, nowMs))
}

function withAlarms(base: Scenario, alarms: Alarm[]): Scenario {
  const dark = new Set(
    alarms.filter(one => one.alarmTypeId === 'site-dark' && !one.isCleared).map(one => one.siteId ?? ''),
  )
  const sites = base.tiles.sites?.map(site => (dark.has(site.siteId) ? { ...site, devicesReachable: 0 } : site)) ?? []
  const overview = base.tiles.overview
  const lost = sites.reduce((sum, site) => sum + site.devices - site.devicesReachable, 0)
  return {
    alarms,
    tiles: {
      ...base.tiles,
      sites,
      ...(overview && { overview: { ...overview, devicesReachable: overview.devices - lost } }),
    },
  }
}

function spread(sites: number, count: number, nowMs: number): Alarm[] {
  const severities: Severity[] = ['critical', 'major', 'minor', 'warning']
  return Array.from({ length: count }, (_, index) =>
    alarm(
      {
        type: index % 2 ? 'link-utilisation-high' : 'queue-drops',
        severity: severities[(index * 7) % 4]!,
        site: (index * 11) % sites,
        device: `sw-${index}`,
        ifName: `Gi1/0/${index}`,
        agoMs: 1_200_000 + index * 60_000,
        summary: `${82 + (index % 12)} % of 1 Gbit/s for 20 min; expected at most 80 %`,
        action: 'See the link’s top talkers',
      },
      nowMs,
    ),
  )
}

export function floodAlarms(nowMs: number): Alarm[] {
  return Array.from({ length: 46 }, (_, index) =>
    alarm(
      {
        type: index % 3 === 0 ? 'device-unreachable' : index % 3 === 1 ? 'link-down' : 'peer-down',
        severity: index % 9 === 0 ? 'critical' : 'major',
        site: index < 34 ? 20 : 31,
        device: `acc-${index}`,
        ...(index % 3 === 1 && { ifName: 'uplink' }),
        agoMs: 20_000 + index * 4_000,
        summary: 'No answer to 3 polls; expected one each 30 s',
        action: 'Look at the site’s uplink first',
      },
      nowMs,
    ),
  )
}

function staleNetwork(nowMs: number): Scenario {
  const base = withAlarms(network({ sites: 24, nowMs }), sampleAlarms(nowMs).slice(1, 4))
  const sites = base.tiles.sites!.map((site, index) =>
    index === 5 || index === 11 ? { ...site, newestPollMs: nowMs - 240_000, devicesStale: site.devices } : site,
  )
  const worstInterfaces = base.tiles.worstInterfaces!.map((tile, index) =>
    index === 1 ? { ...tile, asOfMs: nowMs - 245_000 } : tile,
  )
  const devicesStale = sites.reduce((sum, site) => sum + site.devicesStale, 0)
  return {
    ...base,
    tiles: { ...base.tiles, sites, worstInterfaces, overview: { ...base.tiles.overview!, devicesStale } },
  }
}

/** What a device's owner, or its attacker, may have typed into a description. */
export const hostileTexts = [
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '"><svg onload=document.title="owned">',
  'abc\u202Egnp.exe\u2066 hidden \u200Bzero',
  'مكتب القاهرة – الطابق الثالث',
  '👩‍👩‍👧‍👦 Familie-Büro Straße 👩🏽‍💻 mit sehr sehr langem Namen',
  'Z̸̡̛͓̗̭͐͒̈́a̶̧͎̞͛l̷͔̈́g̵͚̐o̸ is here',
  'line one\nline two\ttab\u0007bell\u0000null',
  'X'.repeat(300),
] as const

function hostileNames(nowMs: number): Scenario {
  const base = network({ sites: 12, nowMs })
  const text = (index: number) => hostileTexts[index % hostileTexts.length]!
  const sites = base.tiles.sites!.map((site, index) => ({
    ...site,
    siteName: text(index),
    tenantName: text(index + 3),
  }))
  const worstInterfaces = base.tiles.worstInterfaces!.map((tile, index) => ({
    ...tile,
    ifName: text(index + 1),
    ifAlias: text(index),
  }))
  const alarms = sampleAlarms(nowMs)
    .filter(one => !one.isCleared)
    .map((one, index) => ({
      ...one,
      siteId: `site-${index}`,
      tenantId: tenantIdOf(index),
      resource: `interface/device-${index}/${text(index)}`,
      acknowledgedBy: one.acknowledgedBy && text(0),
      evidence: { ...one.evidence, summary: text(index), action: text(index + 2) },
    }))
  return { alarms, tiles: { ...base.tiles, sites, worstInterfaces } }
}

function beforeTheFirstPoll(nowMs: number): Scenario {
  const base = network({ sites: 24, nowMs })
  return {
    alarms: [],
    tiles: {
      overview: {
        ...base.tiles.overview!,
        devicesReachable: 0,
        lastFlowMs: null,
        flowBitsPerSecond: 0,
        flowRecordsPerSecond: 0,
        exporters: 0,
        pipelineLagMs: 0,
      },
      sites: base.tiles.sites!.map(site => ({
        ...site,
        devicesReachable: 0,
        oldestPollMs: null,
        newestPollMs: null,
      })),
      worstInterfaces: [],
      exporters: [],
    },
  }
}
