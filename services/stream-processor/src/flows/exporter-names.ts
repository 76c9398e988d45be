import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import type { LearnedNames } from '../../../../libs/wire/src/index.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'

/** Interfaces and VRFs are 32 bits wide in flows: names of larger numbers would name none. */
const numberMax = 0xffff_ffff

/** Names that exporters announced in an epoch, one row an exporter whose names changed in it. */
export class ExporterNameRows {
  #rows: Row[] = []

  add(tenantId: string, exporterId: string, names: LearnedNames, learnedAtMs: number): void {
    const { interfaces, vrfs, samplers } = names.merged()
    this.#rows.push({
      tenant_id: tenantId,
      exporter_id: exporterId,
      interfaces_json: listOf(interfaces, ({ name, description }) => [name, description]),
      vrfs_json: listOf(vrfs, name => [name, '']),
      samplers_json: listOf(samplers, name => [name, '']),
      learned_at: learnedAtMs,
      rev: BigInt(learnedAtMs),
    })
  }

  take(): ColumnBlock {
    const rows = this.#rows
    this.#rows = []
    return columnsOf(rows)
  }
}

/** What the state row of an exporter's names holds: they, and that a row of the table has them too. */
export function savedNames(names: LearnedNames): string {
  return JSON.stringify({ ...(names.save() as object), written: true })
}

export function haveRow(saved: unknown): boolean {
  return (saved as { written?: boolean } | null)?.written === true
}

/** In the order of the numbers, so that the text is the same whoever restored the names. */
function listOf<V>(names: ReadonlyMap<number, V>, of: (value: V) => [name: string, description: string]): string {
  const known = [...names].filter(([number]) => number <= numberMax).sort(([a], [b]) => a - b)
  return JSON.stringify(known.map(([number, value]) => [number, ...of(value)]))
}
