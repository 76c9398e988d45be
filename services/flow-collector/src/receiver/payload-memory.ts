const keptBytesMax = 16 * 1024 * 1024
/** Smaller ones are not worth a message between the threads. */
export const givenBackBytesMin = 16 * 1024

/**
 * Memory for payloads, of sizes that are powers of two, used again when the main thread has encoded what is in it. Memory
 * outside the heap that is left to the collector of garbage makes it go through the whole heap for every 32 MiB.
 */
export class PayloadMemory {
  readonly #free = new Map<number, ArrayBuffer[]>()
  #freeBytes = 0

  /** At least `bytes`, with any content. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const size = 2 ** Math.ceil(Math.log2(Math.max(1, bytes)))
    const again = this.#free.get(size)?.pop()
    if (again) this.#freeBytes -= size
    // Memory of its own, so that it can be handed to the other thread, and not zeroed first.
    return new Uint8Array(again ?? (Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer))
  }

  giveBack(memory: ArrayBuffer): void {
    const size = memory.byteLength
    if (this.#freeBytes + size > keptBytesMax) return
    const same = this.#free.get(size)
    if (same) same.push(memory)
    else this.#free.set(size, [memory])
    this.#freeBytes += size
  }
}
