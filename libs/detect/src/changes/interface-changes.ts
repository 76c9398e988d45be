import { adminUp, operUp } from '../observation.ts'
import { bitRate } from '../wording.ts'
import { type Absence, absentAgain, type DeviceChange } from './change.ts'

/** An interface as one poll shows it. */
export interface InterfaceReading {
  interfaceId: string
  ifIndex: number
  ifName: string
  ifDescr: string
  ifAlias: string
  ifType: number
  adminStatus: number
  operStatus: number
  /** 0 unknown. */
  speedBitsPerSecond: number
  /** dot3StatsDuplexStatus: 2 half, 3 full; anything else is not known. */
  duplex: number
}

/** What is remembered of one. Plain JSON; what was never read is absent. */
export interface InterfaceFacts {
  ifIndex: number
  name: string
  alias?: string
  adminStatus?: number
  speedBitsPerSecond?: number
  duplex?: number
  /** In whole polls that did not list it. */
  absence?: Absence
}

export type InterfaceFactsById = Readonly<Record<string, InterfaceFacts>>

const adminWords = ['', 'up', 'down', 'testing']
const duplexWords: Readonly<Record<number, string>> = { 2: 'half', 3: 'full' }
/** Dial-in sessions (IANAifType ppp) come and go by the thousand. */
const pppType = 23
/** ifAlias has 64 octets (RFC 2863), and agents that give more. */
const aliasMax = 255
/** Interfaces numbered anew in one poll that are told one by one. */
const renumberedApart = 4

/**
 * What changed about a device's interfaces since the polls before. Speed and duplex are compared while the link is up: a
 * port without a link says anything. The same facts come back where nothing is another, so that nothing is written.
 * @param partial some of what was asked did not come: what is missing may still be there
 */
export function interfaceChanges(
  before: InterfaceFactsById | undefined,
  readings: readonly InterfaceReading[],
  partial: boolean,
  atMs: number,
): { facts: InterfaceFactsById | undefined; changes: DeviceChange[] } {
  // A table without any row was not answered.
  if (readings.length === 0) return { facts: before, changes: [] }
  if (before && isAsKnown(before, readings)) return { facts: before, changes: [] }
  const changes: DeviceChange[] = []
  const next: Record<string, InterfaceFacts> = {}
  let isOther = before === undefined
  for (const reading of readings) {
    const known = before?.[reading.interfaceId]
    if (before && !known && reading.ifType !== pppType) changes.push(added(reading, atMs))
    const facts = known ? compare(known, reading, partial, atMs, changes) : withReading(undefined, reading, partial)
    next[reading.interfaceId] = facts
    isOther ||= facts !== known
  }
  for (const [id, known] of Object.entries(before ?? {})) {
    if (next[id]) continue
    if (partial) {
      next[id] = known
      continue
    }
    isOther = true
    const { absence, isGone } = absentAgain(known.absence, atMs)
    if (!isGone) next[id] = { ...known, absence }
    else {
      const change = { kind: 'interface-removed', subject: id, atMs: absence.sinceMs } as const
      changes.push({ ...change, from: known.name, to: '', detail: known.alias ?? '' })
    }
  }
  return { facts: isOther ? next : before, changes: withoutCrowd(changes, atMs) }
}

/** A reboot or a card numbers all interfaces anew: that is one change, whose first examples tell enough. */
function withoutCrowd(changes: DeviceChange[], atMs: number): DeviceChange[] {
  const renumbered = changes.filter(change => change.kind === 'interface-renumbered')
  if (renumbered.length <= renumberedApart) return changes
  const examples = renumbered.slice(0, renumberedApart).map(({ subject, from, to }) => `${subject} ${from} > ${to}`)
  const crowd: DeviceChange = {
    kind: 'interface-renumbered',
    subject: '',
    atMs,
    from: '',
    to: `${renumbered.length} interfaces`,
    detail: `${examples.join(', ')} …`,
  }
  return [...changes.filter(change => change.kind !== 'interface-renumbered'), crowd]
}

/** The usual poll, told without building anything. */
function isAsKnown(before: InterfaceFactsById, readings: readonly InterfaceReading[]): boolean {
  for (const reading of readings) {
    const known = before[reading.interfaceId]
    if (
      !known ||
      known.absence ||
      known.ifIndex !== reading.ifIndex ||
      known.name !== reading.ifName ||
      known.alias !== reading.ifAlias ||
      known.adminStatus !== reading.adminStatus ||
      known.speedBitsPerSecond !== reading.speedBitsPerSecond ||
      (known.duplex ?? 0) !== reading.duplex
    ) {
      return false
    }
  }
  return Object.keys(before).length === readings.length
}

function added(reading: InterfaceReading, atMs: number): DeviceChange {
  const { interfaceId, ifName, ifIndex, ifAlias, speedBitsPerSecond } = reading
  const speed = speedBitsPerSecond > 0 ? `, ${bitRate(speedBitsPerSecond)}` : ''
  const detail = `ifIndex ${ifIndex}${speed}${ifAlias && `, ${ifAlias}`}`
  return { kind: 'interface-added', subject: interfaceId, atMs, from: '', to: ifName, detail }
}

function compare(
  known: InterfaceFacts,
  reading: InterfaceReading,
  partial: boolean,
  atMs: number,
  changes: DeviceChange[],
): InterfaceFacts {
  const now = withReading(known, reading, partial)
  const say = (kind: DeviceChange['kind'], from: string, to: string): void => {
    changes.push({ kind, subject: reading.interfaceId, atMs, from, to, detail: '' })
  }
  if (now.name !== known.name) say('interface-renamed', known.name, now.name)
  if (now.ifIndex !== known.ifIndex) say('interface-renumbered', `ifIndex ${known.ifIndex}`, `ifIndex ${now.ifIndex}`)
  ifAnother(known.alias, now.alias, (from, to) => say('if-alias', from, to))
  ifAnother(known.adminStatus, now.adminStatus, (from, to) => {
    say('admin-status', adminWords[from] ?? '', adminWords[to] ?? '')
  })
  ifAnother(known.speedBitsPerSecond, now.speedBitsPerSecond, (from, to) => say('speed', bitRate(from), bitRate(to)))
  ifAnother(known.duplex, now.duplex, (from, to) => say('duplex', duplexWords[from] ?? '', duplexWords[to] ?? ''))
  return same(known, now) ? known : now
}

/** The facts after a reading: what it does not tell stays as it was. */
function withReading(known: InterfaceFacts | undefined, reading: InterfaceReading, partial: boolean): InterfaceFacts {
  const isUp = reading.adminStatus === adminUp && reading.operStatus === operUp
  // The poller reads descriptions less often than counters: until then a row has none of them.
  const isDescribed = reading.ifDescr !== '' || reading.ifType !== 0
  const alias = isDescribed && !(partial && reading.ifAlias === '') ? reading.ifAlias.slice(0, aliasMax) : known?.alias
  const adminStatus = reading.adminStatus || known?.adminStatus
  const speed = isUp && reading.speedBitsPerSecond > 0 ? reading.speedBitsPerSecond : known?.speedBitsPerSecond
  const duplex = isUp && duplexWords[reading.duplex] ? reading.duplex : known?.duplex
  return {
    ifIndex: reading.ifIndex,
    name: reading.ifName,
    ...(alias === undefined ? {} : { alias }),
    ...(adminStatus ? { adminStatus } : {}),
    ...(speed === undefined ? {} : { speedBitsPerSecond: speed }),
    ...(duplex === undefined ? {} : { duplex }),
  }
}

function ifAnother<Value>(
  before: Value | undefined,
  now: Value | undefined,
  say: (from: Value, to: Value) => void,
): void {
  if (before !== undefined && now !== undefined && before !== now) say(before, now)
}

function same(a: InterfaceFacts, b: InterfaceFacts): boolean {
  return (
    a.ifIndex === b.ifIndex &&
    a.name === b.name &&
    a.alias === b.alias &&
    a.adminStatus === b.adminStatus &&
    a.speedBitsPerSecond === b.speedBitsPerSecond &&
    a.duplex === b.duplex &&
    a.absence === b.absence
  )
}
