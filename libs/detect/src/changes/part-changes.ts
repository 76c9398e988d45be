import { type Absence, absentAgain, type DeviceChange } from './change.ts'

/** A row of entPhysicalTable, as far as changes go. */
export interface PartReading {
  id: string
  class: string
  name: string
  descr: string
  model: string
  serial: string
  firmwareRevision: string
  softwareRevision: string
}

/** A part with a serial number, by that. Plain JSON. */
export interface PartFacts {
  place: string
  model: string
  version: string
  absence?: Absence
}

export type PartFactsBySerial = Readonly<Record<string, PartFacts>>

/** A chassis of 500 optics with its cards fits. */
const partsMax = 2_048

/**
 * Parts put in, taken out or swapped. A part is its serial number: row numbers of entPhysicalTable change with a reboot,
 * names with a software version. Another serial in a place that is empty now has replaced what was there.
 */
export function partChanges(
  before: PartFactsBySerial | undefined,
  entities: readonly PartReading[],
  partial: boolean,
  atMs: number,
): { facts: PartFactsBySerial | undefined; changes: DeviceChange[] } {
  const seen = partsOf(entities)
  // A table without any serial number was not answered.
  if (Object.keys(seen).length === 0) return { facts: before, changes: [] }
  if (!before) return { facts: seen, changes: [] }
  const changes: DeviceChange[] = []
  const next: Record<string, PartFacts> = {}
  let isOther = false
  const vacant = new Map<string, string>()
  for (const [serial, { place }] of Object.entries(before)) if (!Object.hasOwn(seen, serial)) vacant.set(place, serial)
  const replaced = new Set<string>()
  for (const [serial, now] of Object.entries(seen)) {
    const known = Object.hasOwn(before, serial) ? before[serial] : undefined
    const isSame = known && !known.absence && known.place === now.place && known.version === now.version
    next[serial] = isSame ? known : now
    isOther ||= !isSame
    if (known) {
      if (known.version !== '' && now.version !== '' && known.version !== now.version) {
        const change = { kind: 'module-version', subject: now.place, atMs } as const
        changes.push({ ...change, from: known.version, to: now.version, detail: words(serial, now) })
      }
      continue
    }
    const old = vacant.get(now.place)
    if (old !== undefined && !replaced.has(old)) {
      replaced.add(old)
      const change = { kind: 'module-replaced', subject: now.place, atMs } as const
      changes.push({ ...change, from: words(old, before[old]!), to: words(serial, now), detail: '' })
    } else {
      const change = { kind: 'module-inserted', subject: now.place, atMs } as const
      changes.push({ ...change, from: '', to: words(serial, now), detail: '' })
    }
  }
  for (const [serial, known] of Object.entries(before)) {
    if (Object.hasOwn(next, serial)) continue
    if (replaced.has(serial)) {
      isOther = true
      continue
    }
    if (partial) {
      next[serial] = known
      continue
    }
    isOther = true
    const { absence, isGone } = absentAgain(known.absence, atMs)
    if (!isGone) next[serial] = { ...known, absence }
    else {
      const change = { kind: 'module-removed', subject: known.place, atMs: absence.sinceMs } as const
      changes.push({ ...change, from: words(serial, known), to: '', detail: '' })
    }
  }
  return { facts: isOther ? next : before, changes }
}

/** By serial; the first of a chassis and its backplane, which often share one, speaks for both. */
function partsOf(entities: readonly PartReading[]): Record<string, PartFacts> {
  const parts: Record<string, PartFacts> = {}
  let count = 0
  for (const entity of entities) {
    const serial = entity.serial.trim()
    if (!isSerial(serial) || Object.hasOwn(parts, serial)) continue
    if (count++ === partsMax) break
    const version = [entity.firmwareRevision, entity.softwareRevision].filter(text => text !== '').join(' / ')
    const place = entity.name || entity.descr || `${entity.class} ${entity.id}`
    parts[serial] = { place: place.slice(0, 128), model: entity.model || entity.descr.slice(0, 64), version }
  }
  return parts
}

/** Agents fill the column of parts that have none with these. */
function isSerial(text: string): boolean {
  return text !== '' && !/^(0+|n\/?a|none|unknown|not (available|specified)|-+|__proto__)$/i.test(text)
}

function words(serial: string, { model }: PartFacts): string {
  return [model, `serial ${serial}`].filter(text => text !== '').join(', ')
}
