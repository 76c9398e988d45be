import type { Bus, BusRecord, Tail } from '../../../libs/bus/src/index.ts'
import type { Clock, Logger, Timer } from '../../../libs/kernel/src/index.ts'
import {
  type ExporterDecision,
  exporterDecisionSchema,
  isExporterDecisionKey,
  topics,
} from '../../../libs/model/src/index.ts'
import { canonicalAddress } from './addresses.ts'

const retryMs = 5_000

export interface ExporterDecisionsOptions {
  bus: Bus
  collectorId: string
  clock: Clock
  log: Logger
  onDecision(address: string, decision: ExporterDecision | undefined): void
}

/**
 * Follows what people decide of this collector's exporters. A bus that is away when the collector starts is tried again:
 * receiving must not wait for it, and until then adopted exporters are held like unknown ones.
 */
export class ExporterDecisions {
  readonly #options: ExporterDecisionsOptions
  #tail: Tail | undefined
  #retry: Timer | undefined
  #stopped = false
  malformed = 0

  constructor(options: ExporterDecisionsOptions) {
    this.#options = options
  }

  start(): void {
    const { bus, clock, log } = this.#options
    bus.tail({ topic: topics.config, from: 'start', records: records => this.#take(records) }).then(
      async tail => {
        if (this.#stopped) await tail.close()
        else this.#tail = tail
      },
      cause => {
        log.debug({ err: cause }, 'decisions about exporters cannot be read yet')
        if (!this.#stopped) this.#retry = clock.after(retryMs, () => this.start())
      },
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#retry?.cancel()
    await this.#tail?.close()
  }

  #take(records: readonly BusRecord[]): void {
    for (const record of records) this.#takeOne(record)
  }

  #takeOne({ key, value }: BusRecord): void {
    const { collectorId, log, onDecision } = this.#options
    const prefix = `exporter/${collectorId}/`
    if (!isExporterDecisionKey(key) || !key.startsWith(prefix)) return
    const address = canonicalAddress(key.slice(prefix.length))
    if (value === null) {
      onDecision(address, undefined)
      return
    }
    const decision = read(value)
    if (decision) onDecision(address, decision)
    else {
      this.malformed++
      log.warn({ key }, 'a decision about an exporter cannot be read; it stays as it was')
    }
  }
}

function read(value: Uint8Array): ExporterDecision | undefined {
  try {
    return exporterDecisionSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data
  } catch {
    return undefined
  }
}
