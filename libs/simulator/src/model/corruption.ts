import { hashUnit } from './hash.ts'
import { type Window, windowAt, windowsBegun } from './windows.ts'

const slotMs = 1_000

export interface CorruptionOptions {
  seed: number
  windows: readonly Window[]
  /** Damaged share of the frames, by time since the window's start. */
  ratio: (sinceMs: number) => number
  /** Frames sent over the link in the corrupted direction by a time. */
  framesSent: (timeMs: number) => number
}

/** Frames that arrive damaged: a Poisson number of them each second, whole and remembered. */
export class CorruptedFrames {
  readonly #options: CorruptionOptions
  /** Entry i: damaged frames at each slot boundary of window i, counted from the first window on; grows with time. */
  readonly #damaged: number[][] = []

  constructor(options: CorruptionOptions) {
    this.#options = options
  }

  at(timeMs: number): number {
    const { windows } = this.#options
    const begun = windowsBegun(windows, timeMs)
    if (begun === 0) return 0
    for (let i = Math.max(0, this.#damaged.length - 1); i < begun; i++) {
      const { startMs, endMs } = windows[i]!
      this.#extend(i, Math.ceil((Math.min(timeMs, endMs) - startMs) / slotMs))
    }
    const boundaries = this.#damaged[begun - 1]!
    const position = (timeMs - windows[begun - 1]!.startMs) / slotMs
    const slot = Math.floor(position)
    if (slot >= boundaries.length - 1) return boundaries.at(-1)!
    return boundaries[slot]! + Math.floor((boundaries[slot + 1]! - boundaries[slot]!) * (position - slot))
  }

  /** Damaged share of the frames at a time; 0 outside the windows. */
  ratioAt(timeMs: number): number {
    const window = windowAt(this.#options.windows, timeMs)
    return window ? this.#options.ratio(timeMs - window.startMs) : 0
  }

  #extend(index: number, slots: number): void {
    const { seed, windows, ratio, framesSent } = this.#options
    const boundaries = this.#damaged[index] ?? [this.#damaged[index - 1]?.at(-1) ?? 0]
    this.#damaged[index] = boundaries
    const { startMs } = windows[index]!
    for (let slot = boundaries.length - 1; slot < slots; slot++) {
      const fromMs = startMs + slot * slotMs
      const frames = framesSent(fromMs + slotMs) - framesSent(fromMs)
      const expected = frames * ratio((slot + 0.5) * slotMs)
      boundaries.push(boundaries[slot]! + poisson(expected, seed, index * 100_000 + slot))
    }
  }
}

/** Knuth's method for small means, the normal approximation above: what is drawn depends on the place alone. */
function poisson(mean: number, seed: number, place: number): number {
  if (mean > 30) {
    const radius = Math.sqrt(-2 * Math.log(1 - hashUnit(seed, place, 1)))
    const normal = radius * Math.cos(2 * Math.PI * hashUnit(seed, place, 2))
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = hashUnit(seed, place, 3); product > limit; count++) product *= hashUnit(seed, place, 4 + count)
  return count
}
