import type { PacketSource } from './packet-source.ts'
import { type Window, windowsBegun } from './windows.ts'

/** How finely the filler follows the others; short against the 5 s of a poll. */
const slotMs = 1_000

/** Slots until the filler runs at its full rate: a transfer does not start at line rate. */
const rampSlots = 4

export interface FillerOptions {
  windows: readonly Window[]
  /** What the link may carry: wire bits (frame, preamble and gap) in one slot. */
  wireBitsPerSecond: number
  /** Wire bits that the others have sent over the link by a time. */
  othersWireBits: (timeMs: number) => number
  /** Wire bits of one of the filler's packets. */
  packetWireBits: number
}

/**
 * A sender that takes, in each of its windows, what others leave of a link. Its rate follows from the others' traffic in
 * the same second, so it is computed slot by slot and remembered: some 500 numbers for a window of eight minutes.
 */
export class FillerSource implements PacketSource {
  readonly #options: FillerOptions
  /** Entry i: packets sent at the end of each slot of window i, counted from the first window on. */
  readonly #sentBySlot: Float64Array[] = []

  constructor(options: FillerOptions) {
    this.#options = options
  }

  at(timeMs: number): number {
    const { windows } = this.#options
    const begun = windowsBegun(windows, timeMs)
    if (begun === 0) return 0
    while (this.#sentBySlot.length < begun) this.#sentBySlot.push(this.#fill(windows[this.#sentBySlot.length]!))
    const { startMs } = windows[begun - 1]!
    const sent = this.#sentBySlot[begun - 1]!
    const position = (timeMs - startMs) / slotMs
    const slot = Math.floor(position)
    if (slot >= sent.length - 1) return sent.at(-1)!
    return sent[slot]! + Math.floor((sent[slot + 1]! - sent[slot]!) * (position - slot))
  }

  /** Packets at each slot boundary of the window, its start and its end included. */
  #fill(window: Window): Float64Array {
    const { wireBitsPerSecond, othersWireBits, packetWireBits } = this.#options
    const slots = Math.floor((window.endMs - window.startMs) / slotMs)
    const sent = new Float64Array(slots + 1)
    sent[0] = this.#sentBySlot.at(-1)?.at(-1) ?? 0
    let others = othersWireBits(window.startMs)
    for (let slot = 0; slot < slots; slot++) {
      const next = othersWireBits(window.startMs + (slot + 1) * slotMs)
      const free = (wireBitsPerSecond * slotMs) / 1_000 - (next - others)
      const ramp = Math.min(1, (slot + 1) / rampSlots)
      sent[slot + 1] = sent[slot]! + Math.max(0, Math.floor((free * ramp) / packetWireBits))
      others = next
    }
    return sent
  }
}
