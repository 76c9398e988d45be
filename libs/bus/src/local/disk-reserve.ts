import { statfsSync } from 'node:fs'
import { BusError } from '../bus.ts'

/** So much of the disk stays free: LMDB does not survive repeated failed writes (it aborts the process, tried). */
const reserveBytes = 128 * 1024 * 1024
const lookAgainAfterBytes = 16 * 1024 * 1024
const lookAgainAfterMs = 1_000

/** Refuses writes before the disk is full. Looks at the file system once a second or each 16 MiB. */
export class DiskReserve {
  readonly #path: string
  #spareBytes = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(path: string) {
    this.#path = path
  }

  /** @throws BusError `log-full` */
  take(bytes: number): void {
    const nowMs = performance.now()
    if (bytes > this.#spareBytes || nowMs - this.#lookedAtMs > lookAgainAfterMs) {
      const { bavail, bsize } = statfsSync(this.#path)
      this.#spareBytes = Math.min(bavail * bsize - reserveBytes, Math.max(lookAgainAfterBytes, bytes))
      this.#lookedAtMs = nowMs
    }
    if (bytes > this.#spareBytes)
      throw new BusError(
        'log-full',
        `the disk under ${this.#path} has less than ${reserveBytes} bytes free: free some or lower the retention`,
      )
    this.#spareBytes -= bytes
  }
}
