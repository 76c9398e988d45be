import { StoreError } from '../store.ts'

/**
 * Loads chdb's library into this process before its worker does (37 ms). A library that only a worker has loaded is
 * unloaded with it, and the process dies of a segmentation fault in what chdb's own threads still run.
 * @throws StoreError `embedded-missing`
 */
export async function loadChdb(): Promise<void> {
  try {
    await import('chdb')
  } catch (cause) {
    throw new StoreError(
      'embedded-missing',
      'the embedded store needs the optional package "chdb", which is not installed or has no build for this platform ' +
        '(Linux with glibc and macOS, x64 and arm64): run "npm install --include=optional", or configure a ClickHouse ' +
        `server instead (${(cause as Error).message.split('\n', 1)[0]})`,
      { cause },
    )
  }
}
