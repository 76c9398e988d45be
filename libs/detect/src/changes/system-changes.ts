import { clockTime, duration } from '../wording.ts'
import type { DeviceChange } from './change.ts'

/** What a device is, as last told. Plain JSON. */
export interface DeviceFacts {
  os: string
  version: string
  hardware: string
  serial: string
}

/**
 * Another version, model or serial number (it was replaced). An empty fact was not read, which is no change. The first
 * that is known of a device is none either.
 */
export function systemChanges(
  before: DeviceFacts | undefined,
  system: DeviceFacts | undefined,
  atMs: number,
): { facts: DeviceFacts | undefined; changes: DeviceChange[] } {
  if (!system) return { facts: before, changes: [] }
  const changes: DeviceChange[] = []
  const facts: DeviceFacts = { os: '', version: '', hardware: '', serial: '', ...before }
  for (const kind of ['os', 'version', 'hardware', 'serial'] as const) {
    if (system[kind] === '' || system[kind] === facts[kind]) continue
    if (facts[kind] !== '') {
      changes.push({ kind, subject: '', atMs, from: facts[kind], to: system[kind], detail: '' })
    }
    facts[kind] = system[kind]
  }
  return { facts: before && changes.length === 0 && same(before, facts) ? before : facts, changes }
}

/** An answer of a device: when, and its sysUpTime then, milliseconds. */
export interface Answer {
  atMs: number
  upTimeMs: number | null
}

/** What is known of a reboot: that sysUpTime began anew, when, and for how long nothing was heard. */
export function rebootChange(before: Answer | undefined, now: Answer): DeviceChange {
  const { atMs, upTimeMs } = now
  const since = upTimeMs === null ? '' : ` at ${clockTime(atMs - upTimeMs)}`
  const away = before
    ? `; no answer from ${clockTime(before.atMs)} to ${clockTime(atMs)} (${duration(atMs - before.atMs)})`
    : ''
  return {
    kind: 'reboot',
    subject: '',
    atMs,
    from: upTimeWords(before?.upTimeMs ?? null),
    to: upTimeWords(upTimeMs),
    detail: `sysUpTime began anew${since}${away}.`,
  }
}

function upTimeWords(upTimeMs: number | null): string {
  if (upTimeMs === null) return ''
  const hours = Math.floor(upTimeMs / 3_600_000)
  return hours < 48 ? `up ${duration(upTimeMs)}` : `up ${Math.floor(hours / 24)} d ${hours % 24} h`
}

function same(a: DeviceFacts, b: DeviceFacts): boolean {
  return a.os === b.os && a.version === b.version && a.hardware === b.hardware && a.serial === b.serial
}
