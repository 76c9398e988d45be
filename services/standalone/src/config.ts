import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { kafkaBusConfigSchema } from '../../../libs/bus/src/index.ts'
import { type FirmwarePolicy, wantedVersionSchema } from '../../../libs/detect/src/index.ts'
import {
  ConfigError,
  loadConfig,
  logConfigSchema,
  readConfigFile,
  statusConfigSchema,
} from '../../../libs/kernel/src/index.ts'
import {
  circuitSchema,
  deviceSchema,
  type Inventory,
  inventoryProblems,
  probeSchema,
  siteSchema,
  tenantSchema,
} from '../../../libs/model/src/index.ts'
import { storeConfigSchema } from '../../../libs/store/src/index.ts'
import { flowCollectorConfigSchema } from '../../flow-collector/src/index.ts'
import { gatewayConfigSchema } from '../../gateway/src/index.ts'
import { discoveryConfigSchema, snmpPollerConfigSchema } from '../../snmp-poller/src/index.ts'
import {
  enrichmentConfigSchema,
  networkSchema,
  networksMax,
  streamProcessorConfigSchema,
} from '../../stream-processor/src/index.ts'
import { readAdvisoryFiles } from './advisories/read-advisories.ts'
import { elementsSchema } from './element-definitions.ts'
import { deviceFileSchema, devicesOfFile } from './inventory/device-files.ts'
import { deviceUrlSchema, lastListOf } from './inventory/device-urls.ts'
import { partitionsSchema } from './topic-specs.ts'

const busConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local') }),
  kafkaBusConfigSchema.extend({ kind: z.literal('kafka'), partitions: partitionsSchema.prefault({}) }),
])

/** The whole of `weir.yaml`. Every key has a default; without any file Weir runs, with nothing to poll. */
export const weirConfigSchema = z.strictObject({
  /** Folder of the embedded log and store, and of what the process must remember. */
  data: z.string().default('./data'),
  log: logConfigSchema.prefault({}),
  status: statusConfigSchema.prefault({}),
  tenants: z.array(tenantSchema).default([]),
  sites: z.array(siteSchema).default([]),
  devices: z.array(deviceSchema).default([]),
  /** Further devices, from files of other systems; read again when one of them changes. */
  deviceFiles: z.array(deviceFileSchema).max(64).default([]),
  /** And from their APIs, asked again and again. */
  deviceUrls: z.array(deviceUrlSchema).max(64).default([]),
  circuits: z.array(circuitSchema).default([]),
  /** What is asked again and again to measure loss, round trips and jitter. */
  probes: z.array(probeSchema).default([]),
  /** What addresses belong to, by longest prefix. */
  networks: z.array(networkSchema).max(networksMax).default([]),
  enrichment: enrichmentConfigSchema.prefault({}),
  /** Information elements that no table of Weir has, for `weir templates` and `weir decode`. */
  elements: elementsSchema.default({}),
  /** What devices' versions are held against. */
  firmware: z
    .strictObject({
      wanted: z.array(wantedVersionSchema).max(1_000).default([]),
      /** Files in weir.advisories.v1, as YAML, JSON or CSV. */
      advisories: z.array(z.string()).max(64).default([]),
    })
    .prefault({}),
  bus: busConfigSchema.prefault({ kind: 'local' }),
  store: storeConfigSchema.prefault({ kind: 'embedded' }),
  poller: snmpPollerConfigSchema.prefault({}),
  /** Of `weir discover`. */
  discovery: discoveryConfigSchema.prefault({}),
  collector: flowCollectorConfigSchema.prefault({}),
  processor: streamProcessorConfigSchema.prefault({}),
  gateway: gatewayConfigSchema.prefault({}),
})
export type WeirConfig = z.output<typeof weirConfigSchema>

/** What a command that asks devices needs to know; other sections may lack their secrets in its environment. */
const pollingConfigSchema = z.looseObject(
  weirConfigSchema.pick({ tenants: true, sites: true, devices: true, poller: true, discovery: true }).shape,
)
export type PollingConfig = z.output<typeof pollingConfigSchema>

/**
 * As `readWeirConfig`, of these sections alone.
 * @throws ConfigError
 */
export function readPollingConfig(file: string | undefined): PollingConfig {
  return loadConfig(pollingConfigSchema, configFiles(file))
}

/**
 * Of the files of `configFiles`.
 * @throws ConfigError
 */
export function readWeirConfig(file: string | undefined): WeirConfig {
  return wholeConfig(configFiles(file), readConfigFile)
}

/**
 * The configuration as it would be with another text in one of its files, or with that file.
 * @throws ConfigError also where the file is none that is read
 */
export function configWith(file: string | undefined, changed: { path: string; text: string }): WeirConfig {
  const [path, folder] = [resolve(changed.path), resolve(partsFolder(mainFile(file)))]
  const main = mainFile(file)
  const parts = new Set(configFiles(file).map(one => resolve(one)))
  if (dirname(path) === folder && isPart(path)) parts.add(path)
  if (!parts.has(path))
    throw new ConfigError([`${changed.path} is none of the files that are read; take one in ${folder}`])
  const order = (one: string): string => (main !== undefined && one === resolve(main) ? '' : one)
  const files = [...parts].sort((a, b) => (order(a) < order(b) ? -1 : 1))
  const config = wholeConfig(files, one => (one === path ? changed.text : readConfigFile(one)))
  // Lists of advisories are files of their own, read at start and at a reload.
  firmwarePolicyOf(config)
  return config
}

function wholeConfig(files: readonly string[], read: (file: string) => string): WeirConfig {
  const own = loadConfig(weirConfigSchema, files, read)
  const others = own.deviceFiles.flatMap(source => devicesOfFile(source, readConfigFile(source.file)))
  const lists = own.deviceUrls.flatMap(url => {
    const { source, text } = lastListOf(own.data, url)
    return devicesOfFile(source, text)
  })
  const config = { ...own, devices: [...own.devices, ...others, ...lists] }
  const problems = inventoryProblems(inventoryOf(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** `--config` where given, else `./weir.yaml` when it exists; then `conf.d/*.yaml` beside it, in order of names. */
export function configFiles(file: string | undefined): string[] {
  const main = mainFile(file)
  const folder = partsFolder(main)
  const parts = existsSync(folder)
    ? readdirSync(folder)
        .filter(isPart)
        .sort()
        .map(name => join(folder, name))
    : []
  return main ? [main, ...parts] : parts
}

export function mainFile(file: string | undefined): string | undefined {
  return file ?? (existsSync('weir.yaml') ? 'weir.yaml' : undefined)
}

/** `conf.d` beside the main file. */
export function partsFolder(main: string | undefined): string {
  return join(main ? join(main, '..') : '.', 'conf.d')
}

function isPart(name: string): boolean {
  return /\.ya?ml$/.test(name)
}

/** @throws ConfigError when a list cannot be read */
export function firmwarePolicyOf({ firmware }: Pick<WeirConfig, 'firmware'>): FirmwarePolicy {
  return { wanted: firmware.wanted, advisories: readAdvisoryFiles(firmware.advisories) }
}

export function inventoryOf(
  config: Pick<WeirConfig, 'tenants' | 'sites' | 'devices' | 'circuits' | 'probes'>,
): Inventory {
  const { tenants, sites, devices, circuits, probes } = config
  return { tenants, sites, devices, circuits, probes }
}
