import type { Clock, Logger, Metrics, StatusAnswer } from '../../../libs/kernel/src/index.ts'
import type { WeirConfig } from './config.ts'
import { fixedChanges } from './fixed-config.ts'

export interface ReloaderOptions {
  /** What runs now. */
  config: WeirConfig
  /** @throws ConfigError */
  read(): WeirConfig
  /** Takes over what can change in a running process. */
  apply(next: WeirConfig): Promise<void>
  clock: Clock
  log: Logger
  metrics: Metrics
}

export interface Reloaded {
  /** Keys that changed and hold from the next start on only. */
  readonly needRestart: readonly string[]
}

/**
 * Reads the configuration again when asked to. One that is wrong is refused as a whole, and what runs goes on as it was.
 * Windows, sockets and streams stay.
 */
export class Reloader {
  readonly #options: ReloaderOptions
  #running: Promise<Reloaded> | undefined
  /** As taken over last. */
  #taken: WeirConfig
  #succeeded = true
  #succeededMs: number
  #failures = 0

  constructor(options: ReloaderOptions) {
    const { metrics, clock } = options
    this.#options = options
    this.#taken = options.config
    this.#succeededMs = clock.nowMs()
    metrics.gauges('weir_config_last_reload_successful', 'Whether the configuration on disk was taken over', [], () => [
      [{}, this.#succeeded ? 1 : 0],
    ])
    metrics.gauges(
      'weir_config_last_reload_success_timestamp_seconds',
      'When a configuration was taken over last',
      [],
      () => [[{}, this.#succeededMs / 1_000]],
    )
    metrics.counters('weir_config_reload_failures_total', 'Configurations that were refused', [], () => [
      [{}, this.#failures],
    ])
  }

  get taken(): WeirConfig {
    return this.#taken
  }

  /**
   * Whoever asks while one is under way gets its result.
   * @throws ConfigError, or what a part said that could not take it over
   */
  reload(): Promise<Reloaded> {
    this.#running ??= this.#reload().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** One that begins after now: what was just written must be read. */
  async reloadAnew(): Promise<Reloaded> {
    while (this.#running) await this.#running.catch(() => {})
    return this.reload()
  }

  /** For `POST /-/reload`. */
  async answer(): Promise<StatusAnswer> {
    const contentType = 'text/plain; charset=utf-8'
    try {
      const { needRestart } = await this.reload()
      const rest = needRestart.length > 0 ? `; these need a restart: ${needRestart.join(', ')}` : ''
      return { status: 200, contentType, body: `reloaded${rest}\n` }
    } catch (cause) {
      return { status: 500, contentType, body: `not reloaded: ${(cause as Error).message}\n` }
    }
  }

  async #reload(): Promise<Reloaded> {
    const { config, read, apply, clock, log } = this.#options
    try {
      const next = read()
      const needRestart = fixedChanges(config, next)
      await apply(next)
      this.#taken = next
      this.#succeeded = true
      this.#succeededMs = clock.nowMs()
      log.info({ devices: next.devices.length }, 'configuration reloaded')
      if (needRestart.length > 0) log.warn({ keys: needRestart }, 'these changes hold from the next start on')
      return { needRestart }
    } catch (cause) {
      this.#succeeded = false
      this.#failures++
      log.error({ err: cause }, 'the configuration was not reloaded; everything goes on as it was')
      throw cause
    }
  }
}
