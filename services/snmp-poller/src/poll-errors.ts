import { formatOid, type Oid, type SnmpErrorCode } from '../../../libs/snmp/src/index.ts'

export interface NotedError {
  readonly code: SnmpErrorCode
  /** Dotted; empty where no OID is to blame. */
  readonly oid: string
  readonly detail: string
}

/** The errors of one poll, one entry for each code and column, so that a table of bad cells is one line with a count. */
export class PollErrors {
  static readonly entriesMax = 32
  readonly #entries = new Map<string, { code: SnmpErrorCode; oid: Oid | undefined; detail: string; count: number }>()
  #omitted = 0

  add(code: SnmpErrorCode, oid?: Oid, detail = ''): void {
    const key = `${code} ${oid ?? ''}`
    const known = this.#entries.get(key)
    if (known) known.count++
    else if (this.#entries.size < PollErrors.entriesMax) this.#entries.set(key, { code, oid, detail, count: 1 })
    else this.#omitted++
  }

  get size(): number {
    return this.#entries.size
  }

  list(): NotedError[] {
    const notes = [...this.#entries.values()].map(({ code, oid, detail, count }) => ({
      code,
      oid: oid === undefined ? '' : formatOid(oid),
      detail: count > 1 ? `${detail}${detail ? '; ' : ''}${count} times` : detail,
    }))
    const last = notes.at(-1)
    if (last && this.#omitted > 0) notes.push({ ...last, detail: `and ${this.#omitted} further errors` })
    return notes
  }

  *counts(): Iterable<[code: SnmpErrorCode, count: number]> {
    for (const { code, count } of this.#entries.values()) yield [code, count]
  }
}
