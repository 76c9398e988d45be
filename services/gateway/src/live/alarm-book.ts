import { type Alarm, alarmCloudEventSchema } from '../../../../libs/model/src/index.ts'

const keptAfterClearMs = 3_600_000

export interface AlarmBookCounters {
  malformed: number
  repeated: number
  overflowed: number
}

/**
 * Alarms as screens show them: the open ones, and those cleared within the hour. Of the others only the rev is
 * remembered for a while, so that a repeated old event does not bring a forgotten alarm back.
 */
export class AlarmBook {
  readonly counters: AlarmBookCounters = { malformed: 0, repeated: 0, overflowed: 0 }
  readonly #alarms = new Map<string, Alarm>()
  readonly #alarmsMax: number
  /** Two sweeps: the older one is dropped when the younger is full. */
  #forgotten = new Map<string, number>()
  #forgottenBefore = new Map<string, number>()

  constructor(alarmsMax: number) {
    this.#alarmsMax = alarmsMax
  }

  get size(): number {
    return this.#alarms.size
  }

  values(): Iterable<Alarm> {
    return this.#alarms.values()
  }

  get(alarmId: string): Alarm | undefined {
    return this.#alarms.get(alarmId)
  }

  /** Folds one record of `weir.alarms.v1` in; returns the alarm when that changed what screens show. */
  apply(key: string, value: Uint8Array | null, nowMs: number): Alarm | undefined {
    if (value === null) return this.#deleted(key.slice(key.indexOf('/') + 1), nowMs)
    const alarm = readAlarm(value)
    if (!alarm) {
      this.counters.malformed++
      return undefined
    }
    const seenRev = this.#seenRev(alarm.alarmId)
    if (seenRev !== undefined && alarm.rev <= seenRev) {
      this.counters.repeated++
      return undefined
    }
    if (isPast(alarm, nowMs)) {
      const wasShown = this.#alarms.delete(alarm.alarmId)
      this.#forget(alarm)
      return wasShown ? alarm : undefined
    }
    if (!this.#alarms.has(alarm.alarmId) && this.#alarms.size >= this.#alarmsMax && !this.#makeRoom()) {
      this.counters.overflowed++
      return undefined
    }
    this.#alarms.set(alarm.alarmId, alarm)
    return alarm
  }

  /** Forgets what was cleared more than an hour ago. */
  sweep(nowMs: number): void {
    for (const alarm of this.#alarms.values()) {
      if (!isPast(alarm, nowMs)) continue
      this.#alarms.delete(alarm.alarmId)
      this.#forget(alarm)
    }
  }

  #seenRev(alarmId: string): number | undefined {
    return this.#alarms.get(alarmId)?.rev ?? this.#forgotten.get(alarmId) ?? this.#forgottenBefore.get(alarmId)
  }

  /** The owner of alarms deletes a key long after its end; an alarm that is still open here ends with it. */
  #deleted(alarmId: string, nowMs: number): Alarm | undefined {
    const alarm = this.#alarms.get(alarmId)
    if (!alarm) return undefined
    this.#alarms.delete(alarmId)
    this.#forget(alarm)
    if (alarm.isCleared) return undefined
    const at = new Date(nowMs).toISOString()
    return { ...alarm, isCleared: true, condition: 'cleared', clearedAt: at, changedAt: at }
  }

  #forget(alarm: Alarm): void {
    if (this.#forgotten.size >= this.#alarmsMax) {
      this.#forgottenBefore = this.#forgotten
      this.#forgotten = new Map()
    }
    this.#forgotten.set(alarm.alarmId, alarm.rev)
  }

  /** A cleared alarm gives way to a new one. */
  #makeRoom(): boolean {
    for (const alarm of this.#alarms.values()) {
      if (!alarm.isCleared) continue
      this.#alarms.delete(alarm.alarmId)
      this.#forget(alarm)
      return true
    }
    return false
  }
}

/** Open: the condition holds, no operator closed it and nobody has shelved it. */
export function isOpen(alarm: Alarm): boolean {
  return !alarm.isCleared && alarm.operatorState !== 'closed' && alarm.shelving === 'unshelved'
}

function isPast(alarm: Alarm, nowMs: number): boolean {
  return alarm.isCleared && alarm.clearedAt !== null && Date.parse(alarm.clearedAt) < nowMs - keptAfterClearMs
}

function readAlarm(value: Uint8Array): Alarm | undefined {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
  return alarmCloudEventSchema.safeParse(json).data?.data
}
