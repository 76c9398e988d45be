import { StoreError } from '../store.ts'

/** Shared by every copy of this module in the process, built or from sources. */
const claims = globalThis as unknown as Record<symbol, string | undefined>
const claimed = Symbol.for('weir.store.embedded')

/**
 * chdb binds one data folder to a process: a second store would share or disturb the first one's. Held from start to stop.
 * @returns gives it back
 * @throws StoreError `store-locked`
 */
export function claimProcess(folder: string): () => void {
  const holder = claims[claimed]
  if (holder !== undefined) {
    throw new StoreError(
      'store-locked',
      `this process (${process.pid}) runs the embedded store in ${holder} already, and chdb allows one in a process: ` +
        'stop that store first, or use one store for both',
    )
  }
  claims[claimed] = folder
  return () => {
    delete claims[claimed]
  }
}
