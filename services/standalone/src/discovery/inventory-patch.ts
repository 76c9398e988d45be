import { commentedList, printableLine } from '../../../../libs/kernel/src/index.ts'
import { baseMac, type Discovery, type FoundDevice, type HeardOf } from '../../../snmp-poller/src/index.ts'
import type { Place } from './place.ts'

/** Stands in the patch for credentials that have no name yet. */
export const unnamedAuth = 'discovered'

/** What was found, for machines. */
export function discoveryForm({ devices, refusals, heardOf, counts }: Discovery, place: Place) {
  return {
    schema: 'weir.discovery.v1',
    ...place,
    counts,
    devices: devices.map(one => ({
      address: one.answer.address,
      otherAddresses: one.otherAddresses,
      auth: one.answer.credentials.name,
      version: one.answer.credentials.auth.version,
      standing: one.standing,
      deviceId: one.device?.id ?? null,
      sysName: one.answer.sysName || null,
      sysObjectID: one.answer.sysObjectID || null,
      sysDescr: one.answer.sysDescr || null,
      vendor: one.form.system.vendor,
      os: one.form.system.os,
      osVersion: one.form.system.version,
      model: one.form.system.hardware,
      serial: one.form.system.serial,
      baseMac: baseMac(one.form) ?? null,
      engineId: one.answer.engineId || null,
      ports: one.form.interfaces.length,
      sharesEngineIdWith: one.sharesEngineIdWith ?? null,
      seenAt: one.seenAt ?? null,
    })),
    heardOf,
    refusals: refusals.map(({ address, code, detail }) => ({ address, code, detail })),
  }
}

interface PatchOptions extends Place {
  readonly port: number
  /** The inventory has no tenant yet. */
  readonly isFirst: boolean
  /** Ids of the inventory. */
  readonly taken: ReadonlySet<string>
}

/** YAML for a file of conf.d: the new devices, and comments that say how each was found and who is there already. */
export function inventoryPatch({ devices, heardOf, counts }: Discovery, options: PatchOptions): string {
  const taken = new Set(options.taken)
  const fresh = devices.filter(({ standing }) => standing === 'new')
  const head = [
    `weir discover: ${counts.asked} addresses asked, ${counts.answered} answered. Review it, then put it into conf.d.`,
    ...(options.isFirst
      ? [
          `It needs tenants: [{ id: ${options.tenant} }] and sites: [{ id: ${options.site}, tenant: ${options.tenant} }].`,
        ]
      : []),
    ...(fresh.some(({ answer }) => answer.credentials.name === unnamedAuth)
      ? [`Give the community that was used a name, poller.auths.${unnamedAuth} or another.`]
      : []),
    ...devices.filter(({ standing }) => standing !== 'new').map(knownLine),
    ...heardLines(heardOf),
  ]
  return commentedList(
    head,
    'devices',
    fresh.map(one => ({ comment: howFound(one), value: entryOf(one, taken, options) })),
  )
}

function entryOf({ answer }: FoundDevice, taken: Set<string>, { tenant, site, port }: PatchOptions) {
  const id = freeId(idOf(answer.sysName, answer.address), answer.address, taken)
  taken.add(id)
  return {
    id,
    tenant,
    site,
    ...(answer.sysName !== '' && answer.sysName !== id ? { name: printableLine(answer.sysName) } : {}),
    address: answer.address,
    snmp: { ...(port === 161 ? {} : { port }), auth: answer.credentials.name },
  }
}

/** The host part of a name, of letters that ids have; whatever else a device calls itself becomes its address. */
export function idOf(sysName: string, address: string): string {
  const host = (/^[\d.]+$/.test(sysName) ? sysName : sysName.split('.')[0]!).normalize('NFKD')
  const id = host
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, 64)
    .toLowerCase()
  return id || `device-${plain(address)}`
}

export function freeId(id: string, address: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id
  const withAddress = `${id}-${plain(address)}`
  for (let i = 2; ; i++) {
    const next = i === 2 ? withAddress : `${withAddress}-${i}`
    if (!taken.has(next)) return next
  }
}

function plain(address: string): string {
  return address.replace(/[^0-9a-fA-F]+/g, '-').replace(/^-|-$/g, '')
}

function howFound({ answer, form, otherAddresses, sharesEngineIdWith, seenAt }: FoundDevice): string[] {
  const { vendor, os, version, hardware, serial } = form.system
  const identity = [vendor, os, version, hardware].filter(Boolean).join(' ')
  return [
    `${answer.sysName || '(no name)'}: ${identity || answer.sysDescr || 'unknown'}${serial ? `, serial ${serial}` : ''}, ${form.interfaces.length} ports`,
    `answered at ${answer.address} in ${answer.credentials.auth.version}; sysObjectID ${answer.sysObjectID || 'none'}`,
    ...(otherAddresses.length > 0 ? [`also at ${otherAddresses.join(', ')}`] : []),
    ...(sharesEngineIdWith ? [`shares its SNMPv3 engine id with ${sharesEngineIdWith}: give each its own`] : []),
    ...(seenAt ? [`heard of by ${seenAt}`] : []),
  ]
}

/** Proposals: devices of the network one by one; stations, of which there are thousands, as a number. */
function heardLines(heardOf: readonly HeardOf[]): string[] {
  const isStation = ({ by }: HeardOf): boolean => by === 'arp'
  const stations = heardOf.filter(isStation)
  return [
    ...heardOf
      .filter(one => !isStation(one))
      .map(({ address, sysName, by, of, asked }) => {
        const who = [sysName, address].filter(Boolean).join(' at ')
        const why = address === '' ? 'it tells no management address' : asked ? 'it did not answer' : 'not asked'
        return `heard of by ${by} of ${of}, not in the inventory: ${who} (${why})`
      }),
    ...(stations.length > 0
      ? [
          `heard of by arp: ${stations.length} further addresses, ${stations.filter(({ asked }) => asked).length} of them asked; --json lists them`,
        ]
      : []),
  ]
}

function knownLine({ answer, standing, device, otherAddresses }: FoundDevice): string {
  const at = [answer.address, ...otherAddresses].join(', ')
  if (standing === 'known') return `already there: ${device!.id} at ${at}`
  return (
    `address changed? ${device!.id} is at ${device!.snmp?.host ?? device!.address} in the inventory, where nothing answered now; ` +
    `its name answers at ${at}: weir device replace ${device!.id} --address ${answer.address}`
  )
}
