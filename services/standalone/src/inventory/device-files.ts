import { isIP } from 'node:net'
import { z } from 'zod'
import { ConfigError, checkConfig, parseConfig } from '../../../../libs/kernel/src/index.ts'
import { type Device, deviceSchema } from '../../../../libs/model/src/index.ts'
import { csvFields } from '../detect/series-csv.ts'
import { targetGroupsSchema } from './target-groups.ts'

/** Where an entry says nothing of its own. */
export const deviceDefaultsSchema = z
  .strictObject({
    tenant: z.string().optional(),
    site: z.string().optional(),
    role: z.string().optional(),
    auth: z.string().optional(),
    port: z.int().min(1).max(65_535).optional(),
  })
  .prefault({})

/** A file in which another system keeps devices. */
export const deviceFileSchema = z.strictObject({
  /** Prometheus' targets (JSON or YAML), or a table with a header line. */
  kind: z.enum(['file_sd', 'csv']),
  file: z.string(),
  defaults: deviceDefaultsSchema,
})
export type DeviceFile = z.output<typeof deviceFileSchema>

const devicesMax = 100_000
const columns = ['id', 'address', 'tenant', 'site', 'name', 'role', 'auth', 'port', 'intervalMs'] as const
type Entry = Partial<Record<(typeof columns)[number], string>>

/**
 * Devices of one file, in its order.
 * @throws ConfigError naming each entry that is none
 */
export function devicesOfFile(source: DeviceFile, text: string): Device[] {
  const entries = source.kind === 'csv' ? csvEntries(source.file, text) : targetEntries(source.file, text)
  if (entries.length > devicesMax) {
    throw new ConfigError([`${source.file}: ${entries.length} entries; ${devicesMax} are read at most`])
  }
  const problems: string[] = []
  const devices = entries.flatMap(({ place, entry }) => {
    try {
      return [deviceOf(source, entry, `${source.file}: ${place}`)]
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause
      problems.push(...cause.problems)
      return []
    }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return devices
}

function deviceOf({ defaults }: DeviceFile, entry: Entry, place: string): Device {
  const { id, address, name, intervalMs } = entry
  const auth = entry.auth ?? defaults.auth
  const port = entry.port ?? defaults.port
  const device = {
    id: id ?? name ?? address,
    tenant: entry.tenant ?? defaults.tenant,
    site: entry.site ?? defaults.site,
    ...(name === undefined ? {} : { name }),
    address,
    role: entry.role ?? defaults.role,
    ...(auth === undefined
      ? {}
      : {
          snmp: {
            auth,
            ...(port === undefined ? {} : { port: Number(port) }),
            ...(intervalMs === undefined ? {} : { intervalMs: Number(intervalMs) }),
          },
        }),
  }
  return checkConfig(deviceSchema, device, place)
}

function csvEntries(file: string, text: string): { place: string; entry: Entry }[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = csvFields(lines[0] ?? '').map(name => name.trim())
  const unknown = header.filter(name => !(columns as readonly string[]).includes(name))
  if (unknown.length > 0)
    throw new ConfigError([`${file}: the column "${unknown[0]}" is none of ${columns.join(', ')}`])
  if (!header.includes('address')) throw new ConfigError([`${file}: there is no column "address"`])
  return lines.flatMap((line, i) => {
    if (i === 0 || line.trim() === '') return []
    const cells = csvFields(line).map((cell, column) => [header[column] ?? '', cell.trim()] as const)
    return [
      { place: `line ${i + 1}`, entry: Object.fromEntries(cells.filter(([name, cell]) => name !== '' && cell !== '')) },
    ]
  })
}

function targetEntries(file: string, text: string): { place: string; entry: Entry }[] {
  return parseConfig(targetGroupsSchema, text.trim() === '' ? '[]' : text, file).flatMap(({ targets, labels }, group) =>
    targets.map(target => ({
      place: `[${group}] "${target}"`,
      entry: { ...ofLabels(labels), ...ofTarget(target) },
    })),
  )
}

/** `__param_auth` is what snmp_exporter's users give its credentials by. Other labels say nothing to Weir. */
function ofLabels(labels: Readonly<Record<string, string>>): Entry {
  const own = columns.flatMap(name => (labels[name] === undefined || name === 'address' ? [] : [[name, labels[name]]]))
  const auth = labels.auth ?? labels.__param_auth
  return { ...Object.fromEntries(own), ...(auth === undefined ? {} : { auth }) }
}

/** `192.0.2.1`, `192.0.2.1:1161`, `[2001:db8::1]:161`, `2001:db8::1`, `sw1.example.net:161`. */
function ofTarget(target: string): Entry {
  if (isIP(target)) return { address: target }
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(target) ?? []
  const address = bracketed ?? plain ?? target
  return { address, ...(port === undefined ? {} : { port }) }
}
