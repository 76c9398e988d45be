import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import {
  printableLine,
  readConfigFile,
  systemClock,
  systemRandom,
  withItemFields,
  withListItem,
} from '../../../../libs/kernel/src/index.ts'
import { type Device, type DeviceForm, deviceSchema } from '../../../../libs/model/src/index.ts'
import { credentialsFor, isAtAddress, pollOnce } from '../../../snmp-poller/src/index.ts'
import { type Command, type CommandIo, exitCodes, UsageError } from '../command.ts'
import { configFiles, mainFile, type PollingConfig, partsFolder, readPollingConfig } from '../config.ts'
import { applyChange, textOf } from '../config-change.ts'
import { freeId, idOf } from '../discovery/inventory-patch.ts'
import { placeOf } from '../discovery/place.ts'
import { gatewayAddress, getOne } from './gateway-client.ts'
import { wholeNumber } from './snmp-target.ts'

const options = {
  tenant: { type: 'string' },
  site: { type: 'string' },
  id: { type: 'string' },
  role: { type: 'string' },
  auth: { type: 'string' },
  address: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  file: { type: 'string' },
  config: { type: 'string' },
  gateway: { type: 'string' },
  timeout: { type: 'string' },
  retries: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

export const deviceCommand: Command = {
  summary: 'adds a device to the inventory, or puts new hardware in the place of one',
  usage: `usage: weir device add ADDRESS --auth NAME [--tenant T] [--site S] [--id ID] [--role R] [options]
       weir device replace ID [--address A] [--auth NAME] [--yes] [options]

Both poll the device once and write nothing unless it answers and the whole configuration is good with the change; secrets
of the configuration must be in the environment, as for the services. Comments of the file stay. Have the services take it
over by a reload (docs/reference/configuration.md).

  add        writes the device to conf.d/devices-TENANT.yaml
  replace    shows serial number and model, old and new, asks, and changes the entry of ID where it stands. The id stays,
             and with it all history. The old ones are the running gateway's, where one answers

  --auth NAME         credentials NAME of poller.auths
  --tenant T, --site S  where it is; needed unless the configuration has only one
  --id ID             for life; made of its sysName unless given
  --role R            core, distribution, access, edge, firewall, server, wireless or other
  --address A         with replace: its new address
  --host H            where requests go, when that is not the address
  -p, --port P        UDP port (161)
  --file FILE         with add: another file of conf.d
  --yes               with replace: do not ask; without it a terminal is needed
  --config FILE       the configuration; ./weir.yaml unless given, and conf.d beside it
  --gateway URL       with replace: of a running gateway; else the one of the configuration
  --timeout MS        wait for the first reply (2000)
  --retries N         repetitions (2)

Exit: 0 done, 1 the device did not answer or the answer was no, 2 usage or a configuration with problems.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [action, subject, ...more] = positionals
    if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many`)
    if (action !== 'add' && action !== 'replace') throw new UsageError('which? add ADDRESS, or replace ID')
    if (subject === undefined) throw new UsageError(action === 'add' ? 'which address?' : 'which device? give its id')
    const config = readPollingConfig(values.config)
    return action === 'add' ? add(subject, values, config, io) : replace(subject, values, config, io)
  },
}

async function add(address: string, values: Values, config: PollingConfig, io: CommandIo): Promise<number> {
  if (values.auth === undefined) throw new UsageError('with which credentials? give --auth NAME of poller.auths')
  const place = placeOf(config, values.tenant, values.site)
  const role = deviceSchema.shape.role.unwrap().safeParse(values.role ?? 'other')
  if (!role.success) throw new UsageError(`--role is ${deviceSchema.shape.role.unwrap().options.join(', ')}`)
  const port = wholeNumber('--port', values.port, 161, 1, 65_535)
  const there = config.devices.find(
    device => device.tenant === place.tenant && isAtAddress(device, values.host ?? address, port),
  )
  if (there) throw new UsageError(`${there.id} is there already; for new hardware: weir device replace ${there.id}`)
  if (values.id !== undefined && config.devices.some(({ id }) => id === values.id)) {
    throw new UsageError(`there is a device ${values.id} already; for new hardware: weir device replace ${values.id}`)
  }

  const snmp = { ...(values.host ? { host: values.host } : {}), port, auth: values.auth }
  const form = await poll({ ...place, address, snmp }, values, config, io)
  if (!form) return exitCodes.failed
  const taken = new Set(config.devices.map(({ id }) => id))
  const id = values.id ?? freeId(idOf(form.system.sysName ?? '', address), address, taken)
  const value = {
    id,
    ...place,
    ...(form.system.sysName && form.system.sysName !== id ? { name: printableLine(form.system.sysName) } : {}),
    address,
    ...(values.role ? { role: role.data } : {}),
    snmp: { ...(values.host ? { host: values.host } : {}), ...(port === 161 ? {} : { port }), auth: values.auth },
  }
  const path = values.file ?? join(partsFolder(mainFile(values.config)), `devices-${place.tenant}.yaml`)
  const before = textOf(path)
  const after = withListItem(before ?? '', path, 'devices', { comment: [describe(form)], value })
  applyChange(values.config, { path, before, after })
  io.stdout.write(`${describe(form)}\nadded as ${id} to ${path}; a reload takes it over\n`)
  return exitCodes.ok
}

async function replace(id: string, values: Values, config: PollingConfig, io: CommandIo): Promise<number> {
  const old = config.devices.find(device => device.id === id)
  if (!old) throw new UsageError(`the inventory has no device "${id}"`)
  if (!values.yes && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new UsageError('no terminal to ask at; give --yes')
  }
  if (values.address && old.snmp?.host && !values.host) {
    throw new UsageError(`requests to ${id} go to ${old.snmp.host}, not to its address: give --host too`)
  }
  const auth = values.auth ?? old.snmp?.auth
  if (auth === undefined) throw new UsageError(`${id} has not been polled; give --auth NAME`)
  const address = values.address ?? old.address
  const host = values.host ?? old.snmp?.host
  const port = wholeNumber('--port', values.port, old.snmp?.port ?? 161, 1, 65_535)
  const other = config.devices.find(
    one => one.id !== id && one.tenant === old.tenant && isAtAddress(one, host ?? address, port),
  )
  if (other) throw new UsageError(`${host ?? address} is the address of ${other.id}`)

  const form = await poll(
    { tenant: old.tenant, address, snmp: { ...(host ? { host } : {}), port, auth } },
    values,
    config,
    io,
  )
  if (!form) return exitCodes.failed
  const before = await lastKnown(old, values)
  const { system } = form
  const row = (name: string, was: string | null | undefined, is: string | null): string =>
    `  ${name.padEnd(8)} ${before ? (was ?? '-') : '?'} -> ${is ?? '-'}\n`
  io.stdout.write(`${describe(form)}\n${id}:\n`)
  io.stdout.write(row('serial', before?.serial, system.serial))
  io.stdout.write(row('model', before?.hardware, system.hardware))
  io.stdout.write(row('version', before?.version, system.version))
  io.stdout.write(row('sysName', before?.sysName, system.sysName))
  if (!before) io.stderr.write('weir device: no gateway told what was there before\n')
  else if (before.serial !== null && before.serial === system.serial) io.stdout.write('  the hardware is the same\n')
  if (!values.yes && !(await agreed(`Take it for ${id}?`, io))) return exitCodes.failed

  const fields = [
    ...(values.address ? [[['address'], values.address] as const] : []),
    ...(values.auth ? [[['snmp', 'auth'], values.auth] as const] : []),
    ...(values.host ? [[['snmp', 'host'], values.host] as const] : []),
    ...(values.port ? [[['snmp', 'port'], port] as const] : []),
  ]
  if (fields.length === 0) {
    io.stdout.write('its entry stays as it is: id, address and credentials are the same\n')
    return exitCodes.ok
  }
  const path = writeFields(id, fields, values.config)
  io.stdout.write(`${id} changed in ${path}; a reload takes it over\n`)
  return exitCodes.ok
}

/** In the file that has the entry. */
function writeFields(id: string, fields: Parameters<typeof withItemFields>[4], config: string | undefined): string {
  for (const path of configFiles(config)) {
    const before = readConfigFile(path)
    const after = withItemFields(before, path, 'devices', id, fields)
    if (after === undefined) continue
    applyChange(config, { path, before, after })
    return path
  }
  throw new Error(`no file of the configuration has an entry of its own for ${id}`)
}

/** The device as it is now; undefined, and why on stderr, where it does not answer. */
async function poll(
  device: Pick<Device, 'tenant' | 'address'> & { snmp: NonNullable<Device['snmp']> },
  values: Values,
  config: PollingConfig,
  io: CommandIo,
): Promise<DeviceForm | undefined> {
  const credentials = credentialsFor(config.poller.auths, device.snmp.auth, device.tenant)
  if (!credentials.ok) throw new UsageError(credentials.detail)
  const target = {
    host: device.snmp.host ?? device.address,
    port: device.snmp.port,
    auth: credentials.auth,
    timeoutMs: wholeNumber('--timeout', values.timeout, 2_000, 10, 600_000),
    retries: wholeNumber('--retries', values.retries, 2, 0, 20),
  }
  const { reachable, form } = await pollOnce(target, {
    clock: systemClock,
    random: systemRandom,
    budgetMs: 120_000,
    signal: io.signal,
    profileFolders: config.poller.profileFolders,
  })
  if (reachable && !io.signal.aborted) return form
  const { code, detail } = form.poll.errors[0] ?? { code: 'poll-deadline', detail: 'interrupted' }
  io.stderr.write(
    `weir device: ${target.host} did not answer: ${code}${detail ? `: ${detail}` : ''}; nothing was written\n`,
  )
  return undefined
}

function describe({ system, interfaces }: DeviceForm): string {
  const identity = [system.vendor, system.os, system.version, system.hardware].filter(Boolean).join(' ')
  const serial = system.serial ? `, serial ${system.serial}` : ''
  return `${system.sysName ?? '(no name)'}: ${identity || (system.sysDescr ?? 'unknown')}${serial}, ${interfaces.length} ports`
}

/** What a running gateway knows of it; a command that only writes files works without one. */
async function lastKnown({ id, tenant }: Device, values: Values): Promise<DeviceForm['system'] | undefined> {
  try {
    const path = `/devices/${encodeURIComponent(id)}`
    return (await getOne<{ system: DeviceForm['system'] }>(gatewayAddress(values), path, { tenant })).system
  } catch {
    return undefined
  }
}

async function agreed(question: string, io: CommandIo): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: io.stdout })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal: io.signal })).trim())
  } finally {
    lines.close()
  }
}
