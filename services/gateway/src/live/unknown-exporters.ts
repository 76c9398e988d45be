import type { UnknownExporter, UnknownExportersLive } from '../../../../libs/model/src/index.ts'

/** A collector repeats its list each heartbeat; one not repeated for this long is of a collector that is gone. */
const staleAfterMs = 60_000
/** Collectors times tenants. */
const listsMax = 10_000

export interface UnknownExporterEntry extends UnknownExporter {
  exporterId: string
  tenantId: string
  collectorId: string
}

interface List {
  tenantId: string
  asOfMs: number
  entries: UnknownExporterEntry[]
}

/** Sources that collectors do not store, by the newest list of each collector and tenant. */
export class UnknownExportersBook {
  readonly #lists = new Map<string, List>()
  refused = 0

  apply(tenantId: string, { collectorId, asOfMs, list }: UnknownExportersLive): void {
    const key = `${tenantId}/${collectorId}`
    const entries = (list?.exporters ?? []).map(one => ({
      ...one,
      exporterId: `${tenantId}/${collectorId}/${one.address}`,
      tenantId,
      collectorId,
    }))
    if (entries.length === 0) this.#lists.delete(key)
    else if (this.#lists.has(key) || this.#lists.size < listsMax) {
      this.#lists.set(key, { tenantId, asOfMs: Number(asOfMs), entries })
    } else this.refused++
  }

  /** By id; one source at two ports is two entries. */
  entries(): UnknownExporterEntry[] {
    return [...this.#lists.values()]
      .flatMap(({ entries }) => entries)
      .sort((a, b) =>
        a.exporterId < b.exporterId ? -1 : a.exporterId > b.exporterId ? 1 : a.listeningPort - b.listeningPort,
      )
  }

  /** How many wait for somebody to adopt or reject them. */
  waiting(isIn: (one: UnknownExporterEntry) => boolean): number {
    let count = 0
    for (const { entries } of this.#lists.values()) {
      for (const one of entries) if (!one.rejected && isIn(one)) count++
    }
    return count
  }

  sweep(nowMs: number): void {
    for (const [key, { asOfMs }] of this.#lists) if (nowMs - asOfMs > staleAfterMs) this.#lists.delete(key)
  }
}
