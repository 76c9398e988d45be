import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { StoreError } from '../store.ts'

interface Owner {
  pid: number
  /** Ticks from boot to the process's start: a pid alone comes back, and is always 1 in a container. */
  startTicks: string
  host: string
}

/**
 * Takes the data folder for this process, or says who has it. The lock of a process that is dead is taken over.
 * @returns gives it back
 * @throws StoreError `store-locked`
 */
export function takeOwnership(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'owner.lock')
  const mine = join(folder, `owner.lock.${process.pid}`)
  const self = describeProcess(process.pid)
  const text = JSON.stringify(self)
  writeFileSync(mine, text)
  try {
    // link() fails when the lock exists, and never leaves one half written.
    for (let attempts = 0; attempts < 10; attempts++) {
      if (tryLink(mine, lock)) return () => releaseIfOurs(lock, text)
      removeIfStale(lock, self)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  throw new StoreError('store-locked', `${lock} changes hands too quickly; start again`)
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

function removeIfStale(lock: string, self: Owner): void {
  const text = readIfThere(lock)
  if (text === undefined) return
  const owner = parseOwner(text)
  if (owner && isAlive(owner, self)) {
    throw new StoreError(
      'store-locked',
      `the data folder belongs to the running process ${owner.pid}${owner.host === self.host ? '' : ` on ${owner.host}`}` +
        ` (${lock}): stop that process, or give this one another folder`,
    )
  }
  // Moved aside first: when another process took the lock over meanwhile, it is put back.
  const aside = `${lock}.stale.${self.pid}`
  try {
    renameSync(lock, aside)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw cause
  }
  if (readIfThere(aside) !== text) tryLink(aside, lock)
  rmSync(aside, { force: true })
}

function releaseIfOurs(lock: string, text: string): void {
  if (readIfThere(lock) === text) rmSync(lock, { force: true })
}

function isAlive(owner: Owner, self: Owner): boolean {
  if (owner.host !== self.host) {
    // Another host's process cannot be looked at, and a container has a new host name with each start: the folder is for
    // one host, and what another one left is stale.
    return false
  }
  try {
    process.kill(owner.pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
  return describeProcess(owner.pid).startTicks === owner.startTicks
}

function describeProcess(pid: number): Owner {
  return { pid, startTicks: startTicks(pid), host: hostname() }
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); empty where there is no /proc, and the pid must do. */
function startTicks(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`)
  // The command, field 2, stands in parentheses and may hold spaces.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner
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
