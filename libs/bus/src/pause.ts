import type { Clock, Timer } from '../../kernel/src/index.ts'

/** Pauses that double from `firstMs` to `maxMs`. */
export function backoffMs(failures: number, firstMs = 100, maxMs = 10_000): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 20))
}

/** A wait that its owner can end early. */
export class Pause {
  #timer: Timer | undefined
  #resolve: (() => void) | undefined

  wait(clock: Clock, delayMs: number): Promise<void> {
    return new Promise(resolve => {
      this.#resolve = resolve
      this.#timer = clock.after(delayMs, resolve)
    })
  }

  cut(): void {
    this.#timer?.cancel()
    this.#resolve?.()
  }
}

/** Lets timers and sockets have their turn: promises alone would starve them. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
