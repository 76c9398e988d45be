import { fromBinary } from '@bufbuild/protobuf'
import type { Bus, BusRecord, Tail } from '../../../../libs/bus/src/index.ts'
import type { Clock, Logger } from '../../../../libs/kernel/src/index.ts'
import { type Alarm, LiveRecordSchema, topics } from '../../../../libs/model/src/index.ts'
import type { LiveState } from './live-state.ts'

/** How far back the live topic is read at start: at least this, and two polls of the slowest device. */
const liveReadBackMs = 120_000

export interface Feed {
  /** Resolves when what was in the topics at the start has been folded in. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Reads `weir.live.v1`, `weir.alarms.v1` and `weir.templates.v1` into `state`; each alarm that changed goes to `onAlarm`. */
export function createFeed(options: {
  bus: Bus
  state: LiveState
  clock: Clock
  log: Logger
  onAlarm: (alarm: Alarm) => void
}): Feed {
  const { bus, state, clock } = options
  const tails: Tail[] = []

  function onLive(records: readonly BusRecord[]): void {
    const nowMs = clock.nowMs()
    for (const { value, partition, timestampMs } of records) {
      if (value === null) continue
      try {
        state.apply(fromBinary(LiveRecordSchema, value), { partition, stampMs: timestampMs }, nowMs)
      } catch (cause) {
        state.counters.malformed++
        options.log.debug({ err: cause, partition }, 'a record of the live topic cannot be read')
      }
    }
  }

  function onAlarms(records: readonly BusRecord[]): void {
    const nowMs = clock.nowMs()
    for (const { key, value } of records) {
      const alarm = state.alarms.apply(key, value, nowMs)
      if (alarm) options.onAlarm(alarm)
    }
  }

  function onTemplates(records: readonly BusRecord[]): void {
    for (const { key, value } of records) state.templates.apply(key, value)
  }

  async function stop(): Promise<void> {
    await Promise.all(tails.splice(0).map(tail => tail.close()))
  }

  return {
    async start() {
      const slowestMs = [...state.devices.values()].reduce((most, { intervalMs }) => Math.max(most, intervalMs), 0)
      const sinceMs = clock.nowMs() - Math.max(liveReadBackMs, 2 * slowestMs)
      try {
        tails.push(await bus.tail({ topic: topics.alarms, from: 'start', records: onAlarms }))
        tails.push(await bus.tail({ topic: topics.templates, from: 'start', records: onTemplates }))
        tails.push(await bus.tail({ topic: topics.live, from: { sinceMs }, records: onLive }))
        await Promise.all(tails.map(tail => tail.caughtUp))
      } catch (cause) {
        await stop()
        throw cause
      }
      state.lag.reset()
    },
    stop,
  }
}
