import {
  type DetectConfig,
  detectPoller,
  detectPollerGone,
  type PollerOutcome,
  type PollerState,
} from '../../../../libs/detect/src/index.ts'
import type { PollerSight } from '../../../../libs/model/src/index.ts'
import type { WatermarkState } from '../../../../libs/stream/src/index.ts'

/** Pollers that are remembered at most; further ones are not judged. */
const pollersMax = 1_024
/** Every poller's heartbeat is in every partition, and one of them speaks of it. */
const speakingPartition = 0

export type PollerConditions = PollerOutcome['conditions']

/** What one partition knows of the pollers: whether each hears its devices, and whether it is still there. */
export class Pollers {
  readonly #speaks: boolean
  readonly #states = new Map<string, PollerState>()
  readonly #changed = new Set<string>()

  constructor(partition: number) {
    this.#speaks = partition === speakingPartition
  }

  restore(producerId: string, state: string): void {
    this.#states.set(producerId, JSON.parse(state) as PollerState)
  }

  /** States to be kept, by poller; '' of those that are forgotten. */
  *takeChanged(): Iterable<[producerId: string, state: string]> {
    for (const id of this.#changed) {
      const state = this.#states.get(id)
      yield [id, state ? JSON.stringify(state) : '']
    }
    this.#changed.clear()
  }

  /** @returns what is to be said of the poller, and whether it hears its devices again */
  hear(
    producerId: string,
    stampMs: number,
    sight: PollerSight,
    config: DetectConfig,
  ): { conditions: PollerConditions; resumed: boolean } {
    const before = this.#states.get(producerId)
    if (!before && this.#states.size >= pollersMax) return { conditions: [], resumed: false }
    const { tenantIds, heardMs } = sight
    const heartbeat = { producerId, stampMs, tenantIds, sight: { ...sight, heardMs: Number(heardMs) } }
    const outcome = detectPoller(before, heartbeat, config)
    const resumed = before?.episode !== undefined && !outcome.state?.episode
    return { conditions: this.#settle(producerId, outcome), resumed }
  }

  /** @returns what is to be said of those that the watermark no longer waits for, in the order of their ids */
  miss({ producers, watermarkMs }: WatermarkState, config: DetectConfig): PollerConditions {
    const conditions: PollerConditions[number][] = []
    for (const [id, state] of [...this.#states].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (Object.hasOwn(producers, id)) continue
      let polledByOthers = 0
      for (const [other, { devices }] of this.#states) if (Object.hasOwn(producers, other)) polledByOthers += devices
      const outcome = detectPollerGone(id, state, watermarkMs, polledByOthers, config)
      if (outcome.state !== state) conditions.push(...this.#settle(id, outcome))
    }
    return conditions
  }

  /** The poller hears nobody, or is gone: that is one thing to say, and not one for each of its devices. */
  isBlind(producerId: string | undefined): boolean {
    const poller = producerId === undefined ? undefined : this.#states.get(producerId)
    return poller?.episode !== undefined
  }

  #settle(producerId: string, { state, conditions }: PollerOutcome): PollerConditions {
    if (state) this.#states.set(producerId, state)
    else this.#states.delete(producerId)
    this.#changed.add(producerId)
    return this.#speaks ? conditions : []
  }
}
