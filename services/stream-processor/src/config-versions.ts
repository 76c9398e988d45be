import { alarmDefaults } from '../../../libs/alarms/src/index.ts'
import type { Bus } from '../../../libs/bus/src/index.ts'
import { type DetectConfig, detectDefaults } from '../../../libs/detect/src/index.ts'
import { type Capacity, topics } from '../../../libs/model/src/index.ts'
import type { StreamConfig, StreamDevice } from './stream-config.ts'

/**
 * Versions of the stream's configuration, kept on the compacted `weir.config.v1`, so that an epoch begun under one can
 * be computed again under the same after a restart with another.
 */
export interface ConfigVersions {
  readonly current: StreamConfig
  /** Recorded first, current then: a commit names no version that the next owner could not find. */
  change(next: StreamConfig, nowMs: number): Promise<void>
  /**
   * Another processor may have recorded it since this one began. undefined when the version was never recorded here (its
   * topic was lost): the caller goes on with `current`.
   */
  find(version: string): Promise<StreamConfig | undefined>
}

/** Versions kept; older ones go. Epochs reach back one commit, so a handful would do. */
const versionsMax = 64

export async function recordConfigVersion(bus: Bus, current: StreamConfig, nowMs: number): Promise<ConfigVersions> {
  let known = await record(bus, current, nowMs)
  return {
    get current() {
      return current
    },
    async change(next, nowMs) {
      if (next.version === current.version) return
      known = await record(bus, next, nowMs)
      current = next
    },
    async find(version) {
      const key = `stream/${version}`
      if (!known.has(key)) known = await recordedVersions(bus)
      return known.get(key)
    },
  }
}

async function record(bus: Bus, config: StreamConfig, nowMs: number): Promise<Map<string, StreamConfig>> {
  const known = await recordedVersions(bus)
  const key = `stream/${config.version}`
  const outdated = [...known.keys()].filter(other => other !== key).slice(0, -versionsMax)
  await bus.send(topics.config, [
    { key, value: Buffer.from(JSON.stringify(config)), timestampMs: nowMs },
    ...outdated.map(other => ({ key: other, value: null, timestampMs: nowMs })),
  ])
  return known.set(key, config)
}

async function recordedVersions(bus: Bus): Promise<Map<string, StreamConfig>> {
  const known = new Map<string, StreamConfig>()
  const tail = await bus.tail({
    topic: topics.config,
    from: 'start',
    records(records) {
      for (const record of records) {
        if (!record.key.startsWith('stream/')) continue
        if (record.value === null) known.delete(record.key)
        else known.set(record.key, asOfNow(record.value))
      }
    },
  })
  await tail.caughtUp
  await tail.close()
  return known
}

/**
 * A version recorded before a detector, one of its keys or a time of the alarm machine existed says nothing of it: its
 * default holds.
 */
function asOfNow(value: Uint8Array): StreamConfig {
  const config = JSON.parse(Buffer.from(value).toString('utf8')) as StreamConfig
  const known = config.detection as Record<string, unknown>
  const detection = Object.entries(detectDefaults).map(([name, defaults]) => {
    const own = known[name]
    return [name, own === undefined || Array.isArray(defaults) ? (own ?? defaults) : { ...defaults, ...own }]
  })
  return {
    ...config,
    devices: Object.fromEntries(Object.entries(config.devices).map(([key, device]) => [key, withCircuits(device)])),
    detection: { ...known, ...Object.fromEntries(detection) } as DetectConfig,
    alarms: { ...alarmDefaults, ...config.alarms },
  }
}

/** A version from before circuits had nothing but capacities. */
function withCircuits(device: StreamDevice & { capacities?: Record<string, Capacity> }): StreamDevice {
  if (device.circuits) return device
  const { capacities = {}, ...rest } = device
  const unnamed = { source: 'inventory', provider: '', circuitId: '', contact: '', note: '' } as const
  const circuits = Object.entries(capacities).map(([ifName, committed]) => [ifName, { ...unnamed, committed }])
  return { ...rest, circuits: Object.fromEntries(circuits) as StreamDevice['circuits'] }
}
