import type { PacketSource } from './packet-source.ts'

/** A half-open interval of time, milliseconds since the Unix epoch. */
export interface Window {
  startMs: number
  endMs: number
}

/** Sorted, disjoint: overlapping and touching windows become one. */
export function mergeWindows(windows: readonly Window[]): Window[] {
  const merged: Window[] = []
  for (const window of [...windows].sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1)
    if (last && window.startMs <= last.endMs) last.endMs = Math.max(last.endMs, window.endMs)
    else if (window.endMs > window.startMs) merged.push({ ...window })
  }
  return merged
}

/** How many of the sorted windows have begun by `timeMs`. */
export function windowsBegun(windows: readonly Window[], timeMs: number): number {
  let low = 0
  let high = windows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (windows[middle]!.startMs <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}

/** The window that holds `timeMs`, if any. */
export function windowAt(windows: readonly Window[], timeMs: number): Window | undefined {
  const last = windows[windowsBegun(windows, timeMs) - 1]
  return last && timeMs < last.endMs ? last : undefined
}

/** What a source sends inside the windows only. */
export class InsideWindows implements PacketSource {
  readonly #source: PacketSource
  readonly #windows: readonly Window[]
  /** Entry i: what was sent in the windows before i. Grown as time reaches them. */
  readonly #before: number[] = [0]
  #begun = 0
  #startValue = 0

  constructor(source: PacketSource, windows: readonly Window[]) {
    this.#source = source
    this.#windows = windows
  }

  at(timeMs: number): number {
    const begun = windowsBegun(this.#windows, timeMs)
    if (begun === 0) return 0
    const window = this.#windows[begun - 1]!
    const isOver = timeMs >= window.endMs
    const ended = isOver ? begun : begun - 1
    while (this.#before.length <= ended) {
      const { startMs, endMs } = this.#windows[this.#before.length - 1]!
      this.#before.push(this.#before.at(-1)! + this.#source.at(endMs) - this.#source.at(startMs))
    }
    if (isOver) return this.#before[ended]!
    if (begun !== this.#begun) {
      this.#begun = begun
      this.#startValue = this.#source.at(window.startMs)
    }
    return this.#before[ended]! + this.#source.at(timeMs) - this.#startValue
  }
}

/** What a source sends outside the windows only. */
export class OutsideWindows implements PacketSource {
  readonly #source: PacketSource
  readonly #inside: InsideWindows

  constructor(source: PacketSource, windows: readonly Window[]) {
    this.#source = source
    this.#inside = new InsideWindows(source, windows)
  }

  at(timeMs: number): number {
    return this.#source.at(timeMs) - this.#inside.at(timeMs)
  }
}
