import { appendArcs, arcAt, type Oid, oid, suffixOf } from '../../../../libs/snmp/src/index.ts'
import { commonColumns } from './profile.ts'
import { numberOf, type ProfileData, textOf } from './profile-data.ts'

/** entAliasMappingIdentifier (RFC 6933): which ifIndex a physical port is. */
export const entAliasMapping = oid('1.3.6.1.2.1.47.1.3.2.1.2')
const ifIndexPrefix = oid('1.3.6.1.2.1.2.2.1.1')
const containedIn = oid(commonColumns.entPhysicalContainedIn!)
const entityName = oid(commonColumns.entPhysicalName!)
const entityDescr = oid(commonColumns.entPhysicalDescr!)

/** A chassis nests a dozen levels deep; a loop in the agent's tree ends here. */
const depthMax = 16

/** Finds the port in which a part sits: by its place in the chassis, else by the port's name in its own. */
export class PortFinder {
  readonly #data: ProfileData
  readonly #ports = new Map<number, number>()
  readonly #names: [name: string, ifIndex: number][]

  constructor(data: ProfileData, interfaces: readonly { ifIndex: number; ifName: string; ifDescr: string }[]) {
    this.#data = data
    for (const [index, value] of data.rows(entAliasMapping)) {
      if (value.type !== 'oid' || !value.value.startsWith(ifIndexPrefix)) continue
      this.#ports.set(arcAt(index, 0), arcAt(suffixOf(value.value, ifIndexPrefix), 0))
    }
    // Longest first: Ethernet1/10 is not Ethernet1/1.
    this.#names = interfaces
      .flatMap(({ ifIndex, ifName, ifDescr }): [string, number][] => [
        [ifName, ifIndex],
        [ifDescr, ifIndex],
      ])
      .filter(([name]) => name.length >= 3 && /\d/.test(name))
      .sort((a, b) => b[0].length - a[0].length)
  }

  portOf(index: Oid): number | undefined {
    let entity = arcAt(index, 0)
    for (let depth = 0; depth < depthMax && entity > 0; depth++) {
      const ifIndex = this.#ports.get(entity)
      if (ifIndex !== undefined) return ifIndex
      const parent = numberOf(this.#data.cell(containedIn, appendArcs('' as Oid, entity))) ?? 0
      entity = Number.isInteger(parent) && parent > 0 ? parent : 0
    }
    if (arcAt(index, 0) < 0) return undefined
    const own = appendArcs('' as Oid, arcAt(index, 0))
    const text = `${textOf(this.#data.cell(entityName, own))} ${textOf(this.#data.cell(entityDescr, own))}`
    return this.#names.find(([name]) => mentions(text, name))?.[1]
  }
}

function mentions(text: string, name: string): boolean {
  const at = text.indexOf(name)
  if (at < 0) return false
  const after = text[at + name.length]
  return after === undefined || !/[\d/.]/.test(after)
}
