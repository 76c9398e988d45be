import type { FirmwarePolicy } from './advisory.ts'
import { type FirmwareFacts, type FirmwarePosture, firmwarePosture } from './posture.ts'

/** Distinct kinds of device held at most; a network has hundreds. */
const entriesMax = 5_000
const dayMs = 86_400_000

/**
 * Postures by what a device is: thousands of devices are of a few kinds, and a list of advisories is long. What it gives
 * back is what `firmwarePosture` does; dates pass at midnight UTC.
 */
export class PostureCache {
  #policy: FirmwarePolicy | undefined
  #day = -1
  readonly #postures = new Map<string, FirmwarePosture>()

  find(facts: FirmwareFacts, policy: FirmwarePolicy, atMs: number): FirmwarePosture {
    const day = Math.floor(atMs / dayMs)
    if (policy !== this.#policy || day !== this.#day || this.#postures.size >= entriesMax) {
      this.#postures.clear()
      this.#policy = policy
      this.#day = day
    }
    const key = JSON.stringify([facts.tenantId, facts.role, facts.vendor, facts.os, facts.hardware, facts.version])
    const known = this.#postures.get(key)
    if (known) return known
    const posture = firmwarePosture(facts, policy, day * dayMs)
    this.#postures.set(key, posture)
    return posture
  }
}
