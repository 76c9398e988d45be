import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Clock, every } from '../../../kernel/src/index.ts'
import { StoreError } from '../store.ts'
import { describeProcess, isAlive, type ProcessOnHost } from './process-on-host.ts'

/** An owner shows that it lives by touching its lock this often; another host cannot look at its process. */
const touchEveryMs = 2_000
const silentForMs = 10_000

/**
 * Takes the data folder for this process, or says who has it. The lock of a process that is dead is taken over: at once
 * on its own host, after 10 s of silence when another host (a former container, say) left it.
 * @returns gives it back
 * @throws StoreError `store-locked`
 */
export async function takeOwnership(folder: string, clock: Clock): Promise<() => void> {
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'owner.lock')
  const mine = join(folder, `owner.lock.${hostname()}.${process.pid}`)
  const self = describeProcess(process.pid)
  const text = JSON.stringify(self)
  writeFileSync(mine, text)
  try {
    // link() fails when the lock exists, and never leaves one half written.
    for (let attempts = 0; attempts < 10; attempts++) {
      if (tryLink(mine, lock)) return keep(lock, text, clock)
      await removeIfStale(lock, self, clock)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  throw new StoreError('store-locked', `${lock} changes hands too quickly; start again`)
}

function keep(lock: string, text: string, clock: Clock): () => void {
  const touching = every(clock, touchEveryMs, () => {
    const now = new Date()
    try {
      utimesSync(lock, now, now)
    } catch {
      // The folder was removed under a running store; its statements will say so.
    }
  })
  return () => {
    touching.cancel()
    if (readIfThere(lock) === text) rmSync(lock, { force: true })
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

async function removeIfStale(lock: string, self: ProcessOnHost, clock: Clock): Promise<void> {
  const text = readIfThere(lock)
  if (text === undefined) return
  const owner = parseOwner(text)
  if (owner && (owner.host === self.host ? isAlive(owner) : await isTouched(lock, clock))) {
    throw new StoreError(
      'store-locked',
      `the data folder belongs to the running process ${owner.pid}${owner.host === self.host ? '' : ` on ${owner.host}`}` +
        ` (${lock}): stop that process, or give this one another folder`,
    )
  }
  // Moved aside first: when another process took the lock over meanwhile, it is put back.
  const aside = `${lock}.stale.${self.host}.${self.pid}`
  try {
    renameSync(lock, aside)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw cause
  }
  if (readIfThere(aside) !== text) tryLink(aside, lock)
  rmSync(aside, { force: true })
}

/** Watches the lock until somebody touches it or has been silent for long enough; hosts' clocks need not agree. */
async function isTouched(lock: string, clock: Clock): Promise<boolean> {
  const before = touchedAt(lock)
  const untilMs = clock.monotonicMs() + silentForMs
  while (clock.monotonicMs() < untilMs) {
    await new Promise<void>(resolve => clock.after(touchEveryMs / 4, resolve))
    if (touchedAt(lock) !== before) return true
  }
  return false
}

function touchedAt(lock: string): number | undefined {
  return statSync(lock, { throwIfNoEntry: false })?.mtimeMs
}

function parseOwner(text: string): ProcessOnHost | undefined {
  try {
    const owner = JSON.parse(text) as ProcessOnHost
    return Number.isInteger(owner.pid) ? owner : undefined
  } catch {
    return undefined
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
