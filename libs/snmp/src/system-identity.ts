import { formatOid, isWithin, type Oid, oid } from './oid.ts'

/** What sysObjectID and sysDescr alone tell about a device; '' is unknown. */
export interface SystemIdentity {
  vendor: string
  os: string
  version: string
  hardware: string
}

interface IdentityRule {
  /** sysObjectID lies within. */
  readonly under: string
  /** And sysDescr matches; named groups `version` and `hardware` are taken over. */
  readonly descr?: RegExp
  readonly vendor: string
  readonly os: string
}

/** The first rule that fits counts: narrower before wider. Enterprise numbers are IANA's. */
const rules: readonly IdentityRule[] = [
  {
    under: '1.3.6.1.4.1.9',
    descr: /NX-OS.*?\) (?<hardware>[^,]+),.*?Version (?<version>[^,\s]+)/s,
    vendor: 'Cisco',
    os: 'nxos',
  },
  {
    under: '1.3.6.1.4.1.9',
    descr: /IOS[ -]XR Software.*?\((?:Cisco )?(?<hardware>[^)]+)\).*?Version\s+(?<version>[^,\s[]+)/s,
    vendor: 'Cisco',
    os: 'iosxr',
  },
  { under: '1.3.6.1.4.1.9', descr: /Adaptive Security Appliance Version (?<version>\S+)/, vendor: 'Cisco', os: 'asa' },
  {
    under: '1.3.6.1.4.1.9',
    descr: /IOS-?XE|LINUX_IOSD|CAT\dK_IOSXE|Catalyst L3 Switch Software/,
    vendor: 'Cisco',
    os: 'iosxe',
  },
  {
    under: '1.3.6.1.4.1.9',
    descr: /IOS.*?, (?<hardware>\S+) Software.*?Version (?<version>[^,\s]+)/s,
    vendor: 'Cisco',
    os: 'ios',
  },
  {
    under: '1.3.6.1.4.1.2636',
    descr: /Juniper Networks, Inc\. (?<hardware>\S+) .*?kernel JUNOS (?<version>[^,\s]+)/s,
    vendor: 'Juniper',
    os: 'junos',
  },
  {
    under: '1.3.6.1.4.1.30065',
    descr: /EOS version (?<version>\S+) running on an Arista Networks (?<hardware>\S+)/,
    vendor: 'Arista',
    os: 'arista_eos',
  },
  { under: '1.3.6.1.4.1.14988', descr: /RouterOS (?<hardware>.+)/, vendor: 'MikroTik', os: 'routeros' },
  { under: '1.3.6.1.4.1.12356', vendor: 'Fortinet', os: 'fortigate' },
  { under: '1.3.6.1.4.1.25461', descr: /(?<hardware>PA-\d+)/, vendor: 'Palo Alto Networks', os: 'panos' },
  { under: '1.3.6.1.4.1.2011', descr: /Version (?<version>[\d.]+ \([^)]*\))/, vendor: 'Huawei', os: 'vrp' },
  { under: '1.3.6.1.4.1.8072.3.2.10', descr: /^Linux \S+ (?<version>\S+)/, vendor: 'net-snmp', os: 'linux' },
]

const ruleOids = rules.map(rule => oid(rule.under))

/** Names vendor, operating system, version and hardware as far as the system group tells them. */
export function identifySystem(sysObjectId: Oid | undefined, sysDescr: string): SystemIdentity {
  for (const [i, rule] of rules.entries()) {
    if (sysObjectId === undefined || !isWithin(sysObjectId, ruleOids[i]!)) continue
    const match = rule.descr?.exec(sysDescr)
    if (rule.descr && !match) continue
    return {
      vendor: rule.vendor,
      os: rule.os,
      version: match?.groups?.version ?? '',
      hardware: match?.groups?.hardware ?? '',
    }
  }
  return { vendor: '', os: '', version: '', hardware: '' }
}

/** Dotted text of a sysObjectID, '' when there is none. */
export function sysObjectIdText(value: Oid | undefined): string {
  return value === undefined ? '' : formatOid(value)
}
