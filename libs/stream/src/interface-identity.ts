import { type InterfaceId, interfaceId } from '../../model/src/index.ts'

/** A row of ifTable as far as identity goes. */
export interface InterfaceRow {
  ifIndex: number
  ifName: string
  ifDescr: string
  /** Lower-case hex without separators; empty where the interface has none. */
  physAddress: string
}

/** One interface a device has had, plain JSON. */
export interface KnownInterface {
  /** Name the device gives it now; its id keeps the first one. */
  name: string
  descr: string
  ifIndex: number
  mac: string
  seenMs: number
}

export type IdentityState = Record<InterfaceId, KnownInterface>

export type IdentityChange = 'new' | 'renumbered' | 'renamed'

export interface IdentifiedRow {
  interfaceId: InterfaceId
  change: IdentityChange | undefined
}

/** Interfaces remembered a device; past it the longest unseen go (dial-in sessions come and go by the thousand). */
export const interfacesRememberedMax = 4_096

/**
 * Names the interfaces of one poll. The id is the device and the first ifName seen, for life:
 * the same name at another ifIndex is a renumbering (reboot, card swap); another name at the same ifIndex with the same
 * MAC and no reboot is a rename; ifAlias is never identity. Interfaces without a name go by ifDescr, then by ifIndex.
 * Several interfaces of one name are told apart by ifDescr where that differs, else by ifIndex.
 * Returns one entry a row, in the order of the rows.
 */
export function identifyInterfaces(
  state: IdentityState,
  deviceId: string,
  rows: readonly InterfaceRow[],
  context: { rebooted: boolean; atMs: number },
): { state: IdentityState; rows: IdentifiedRow[]; forgotten: InterfaceId[] } {
  const named = rows.map((row, position) => ({ ...row, name: effectiveName(row), position }))
  named.sort((a, b) => a.ifIndex - b.ifIndex || a.position - b.position)
  const found = new Map<number, IdentifiedRow>()
  const free = new Map<InterfaceId, KnownInterface>(Object.entries(state))
  const next: IdentityState = { ...state }

  function settle(row: NamedRow, id: InterfaceId, change: IdentityChange | undefined): void {
    free.delete(id)
    found.set(row.position, { interfaceId: id, change })
    next[id] = {
      name: row.name,
      descr: row.ifDescr,
      ifIndex: row.ifIndex,
      mac: row.physAddress,
      seenMs: context.atMs,
    }
  }

  // The usual poll: same name at the same index.
  const byIndex = new Map<number, InterfaceId[]>()
  const byName = new Map<string, InterfaceId[]>()
  for (const [id, known] of free) {
    append(byIndex, known.ifIndex, id)
    append(byName, known.name, id)
  }
  for (const row of named) {
    const id = byIndex.get(row.ifIndex)?.find(one => free.has(one) && free.get(one)!.name === row.name)
    if (id !== undefined) settle(row, id, undefined)
  }
  for (const row of named) {
    if (found.has(row.position)) continue
    const id = sameName(
      row,
      (byName.get(row.name) ?? []).filter(one => free.has(one)),
      free,
    )
    if (id !== undefined) settle(row, id, 'renumbered')
  }
  if (!context.rebooted) {
    for (const row of named) {
      if (found.has(row.position) || row.physAddress === '') continue
      const id = byIndex.get(row.ifIndex)?.find(one => free.get(one)?.mac === row.physAddress)
      if (id !== undefined) settle(row, id, 'renamed')
    }
  }
  const fresh = named.filter(row => !found.has(row.position))
  const twinsByName = new Map<string, NamedRow[]>()
  for (const row of fresh) append(twinsByName, row.name, row)
  for (const row of fresh) {
    const twins = twinsByName.get(row.name)!
    settle(row, freshId(deviceId, row, twins, next), 'new')
  }
  const forgotten = forgetOldest(next, context.atMs)
  return { state: next, rows: rows.map((_, position) => found.get(position)!), forgotten }
}

type NamedRow = InterfaceRow & { name: string; position: number }

/** Names end up in ids, on screens and in files: control characters are taken out, and the length is bounded. */
function effectiveName(row: InterfaceRow): string {
  return clean(row.ifName) || clean(row.ifDescr) || `ifIndex${row.ifIndex}`
}

function clean(text: string): string {
  return text.replace(/\p{C}/gu, '').trim().slice(0, 128)
}

/** Among known interfaces of the row's name: the one of the same ifDescr, of the same MAC, of the lowest old index. */
function sameName(
  row: NamedRow,
  candidates: readonly InterfaceId[],
  known: ReadonlyMap<InterfaceId, KnownInterface>,
): InterfaceId | undefined {
  const ordered = [...candidates].sort((a, b) => known.get(a)!.ifIndex - known.get(b)!.ifIndex || (a < b ? -1 : 1))
  return (
    ordered.find(id => row.ifDescr !== '' && known.get(id)!.descr === row.ifDescr) ??
    ordered.find(id => row.physAddress !== '' && known.get(id)!.mac === row.physAddress) ??
    ordered[0]
  )
}

/** The first name that no interface of the device has had: the plain one for the first of its name. */
function freshId(
  deviceId: string,
  row: NamedRow,
  twins: readonly NamedRow[],
  taken: Readonly<IdentityState>,
): InterfaceId {
  const descr = clean(row.ifDescr)
  const descrTells =
    descr !== row.name && descr !== '' && twins.filter(twin => clean(twin.ifDescr) === descr).length === 1
  const names = [`${row.name}#${row.ifIndex}`]
  if (twins.length === 1) names.unshift(row.name)
  else if (descrTells) names.unshift(`${row.name}#${descr}`)
  for (let copy = 2; ; copy++) {
    for (const name of names) {
      const id = interfaceId(deviceId, name)
      if (!Object.hasOwn(taken, id)) return id
    }
    names.splice(0, names.length, `${row.name}#${row.ifIndex}#${copy}`)
  }
}

function forgetOldest(state: IdentityState, atMs: number): InterfaceId[] {
  const ids = Object.keys(state)
  if (ids.length <= interfacesRememberedMax) return []
  const forgotten = ids
    .filter(id => state[id]!.seenMs < atMs)
    .sort((a, b) => state[a]!.seenMs - state[b]!.seenMs || (a < b ? -1 : 1))
    .slice(0, ids.length - interfacesRememberedMax)
  for (const id of forgotten) delete state[id]
  return forgotten
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
