import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import {
  type Clock,
  type Component,
  type Logger,
  type Metrics,
  secret,
  type Timer,
} from '../../../../libs/kernel/src/index.ts'
import { type DeviceFile, deviceDefaultsSchema, devicesOfFile } from './device-files.ts'
import { fetchTargets } from './fetch-targets.ts'

/** An address at which another system tells its devices. */
export const deviceUrlSchema = z.strictObject({
  /** Prometheus' http_sd, or NetBox (its base address, without `/api`). */
  kind: z.enum(['http_sd', 'netbox']),
  url: z.url({ protocol: /^https?$/ }),
  /** NetBox' API token; of http_sd a bearer token. */
  token: secret().optional(),
  refreshMs: z.int().min(5_000).max(86_400_000).default(60_000),
  defaults: deviceDefaultsSchema,
})
export type DeviceUrl = z.output<typeof deviceUrlSchema>

/** The list that was taken over last: a start needs no other system. */
export function lastListOf(data: string, { kind, url, defaults }: DeviceUrl): { source: DeviceFile; text: string } {
  const name = createHash('sha256').update(`${kind} ${url}`).digest('hex').slice(0, 16)
  const file = join(data, 'inventory', `${name}.json`)
  return { source: { kind: 'file_sd', file, defaults }, text: existsSync(file) ? readFileSync(file, 'utf8') : '[]' }
}

export interface DeviceUrlsOptions {
  urls: readonly DeviceUrl[]
  data: string
  /** Takes the configuration over with what is now the last list; rejects where that is refused. */
  reload(): Promise<unknown>
  clock: Clock
  log: Logger
  metrics: Metrics
}

interface Source {
  readonly url: DeviceUrl
  devices: number
  succeededMs: number
  failures: number
  timer?: Timer
}

/** Asks each address in turn, and takes over what became another. A list that cannot be had or is refused changes nothing. */
export function deviceUrls({ urls, data, reload, clock, log, metrics }: DeviceUrlsOptions): Component {
  const sources: Source[] = urls.map(url => ({ url, devices: 0, succeededMs: 0, failures: 0 }))
  let stopped = false
  const samples = (read: (one: Source) => number) => () =>
    sources.map(one => [{ url: one.url.url }, read(one)] as const)
  metrics.gauges(
    'weir_inventory_source_devices',
    'Devices as listed last',
    ['url'],
    samples(one => one.devices),
  )
  metrics.gauges(
    'weir_inventory_source_last_success_timestamp_seconds',
    'When its list was good last',
    ['url'],
    samples(one => one.succeededMs / 1_000),
  )
  metrics.counters(
    'weir_inventory_source_failures_total',
    'Lists that could not be had or were refused',
    ['url'],
    samples(one => one.failures),
  )

  async function refresh(one: Source): Promise<void> {
    try {
      const text = JSON.stringify(await fetchTargets(one.url))
      const before = lastListOf(data, one.url)
      one.devices = devicesOfFile(before.source, text).length
      if (text !== before.text) await replace(before, text)
      one.succeededMs = clock.nowMs()
    } catch (cause) {
      one.failures++
      log.warn({ err: cause, url: one.url.url }, 'a list of devices was not taken over; the one before stays')
    }
    if (!stopped) one.timer = clock.after(one.url.refreshMs, () => void refresh(one))
  }

  /** Whether it fits the rest of the configuration only the whole tells; one that does not must not wait for the next start. */
  async function replace(before: ReturnType<typeof lastListOf>, text: string): Promise<void> {
    const { file } = before.source
    const existed = existsSync(file)
    mkdirSync(dirname(file), { recursive: true })
    write(file, text)
    try {
      await reload()
    } catch (cause) {
      if (existed) write(file, before.text)
      else rmSync(file)
      throw cause
    }
  }

  return {
    name: 'device-urls',
    async start() {
      for (const one of sources) one.timer = clock.after(0, () => void refresh(one))
    },
    async stop() {
      stopped = true
      for (const { timer } of sources) timer?.cancel()
    },
  }
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}
