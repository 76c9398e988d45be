import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { z } from 'zod'
import type { Clock, Logger } from '../../../libs/kernel/src/index.ts'
import { idPattern } from '../../../libs/model/src/index.ts'
import { canonicalAddress } from './addresses.ts'

const address = z.string().refine(text => isIP(text.replace(/%.*$/, '')) !== 0, 'is no IP address')

/** The file's content: source address → who really sends from it. */
export const addressTableSchema = z.record(
  address,
  z.strictObject({
    tenantId: z.string().regex(idPattern),
    exporterAddress: address,
    collectorId: z.string().regex(idPattern).optional(),
  }),
)

export type AddressTableEntry = z.output<typeof addressTableSchema>[string]

const fileBytesMax = 64 * 1024 * 1024
/** A source that stays unknown is looked up again this often, and this many of them are remembered. */
const lookAgainMs = 1_000
const unknownMax = 20_000

/** Maps source addresses by a file that may grow while the collector runs. A file that cannot be read keeps the old one. */
export class AddressTable {
  readonly #path: string
  readonly #clock: Clock
  readonly #log: Logger
  #entries = new Map<string, AddressTableEntry>()
  #version = ''
  #lookedUpAtMs = new Map<string, number>()
  failedReads = 0

  constructor(path: string, clock: Clock, log: Logger) {
    this.#path = path
    this.#clock = clock
    this.#log = log
  }

  /** `sourceAddress` must be canonical. */
  async find(sourceAddress: string): Promise<AddressTableEntry | undefined> {
    const known = this.#entries.get(sourceAddress)
    if (known || !this.#isDue(sourceAddress)) return known
    await this.#readIfChanged()
    return this.#entries.get(sourceAddress)
  }

  #isDue(sourceAddress: string): boolean {
    const nowMs = this.#clock.monotonicMs()
    const lastMs = this.#lookedUpAtMs.get(sourceAddress)
    if (lastMs !== undefined && nowMs - lastMs < lookAgainMs) return false
    if (this.#lookedUpAtMs.size >= unknownMax) this.#lookedUpAtMs.clear()
    this.#lookedUpAtMs.set(sourceAddress, nowMs)
    return true
  }

  async #readIfChanged(): Promise<void> {
    try {
      const { mtimeNs, size, ino } = await stat(this.#path, { bigint: true })
      const version = `${ino}/${size}/${mtimeNs}`
      if (version === this.#version) return
      if (size > fileBytesMax) throw new RangeError(`${this.#path} has more than ${fileBytesMax} bytes`)
      const content = addressTableSchema.parse(JSON.parse(await readFile(this.#path, 'utf8')))
      this.#entries = new Map(Object.entries(content).map(([source, entry]) => [canonicalAddress(source), entry]))
      this.#version = version
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
      this.failedReads++
      this.#log.warn({ err: cause, path: this.#path }, 'cannot read the address table; the one before stays in force')
    }
  }
}
