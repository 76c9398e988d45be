import { randomUUID } from 'node:crypto'
import { closeSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { BusError } from '../bus.ts'

export interface OwnerLock {
  release(): Promise<void>
}

/**
 * Holds a folder for one process. The lock is a listening Unix socket: the kernel closes it with its process however
 * that dies, and whoever finds the file can ask whether its owner lives by connecting. A file with a process id cannot
 * be judged from another container that shares the folder; Node has no flock.
 * @throws BusError `log-locked`
 */
export async function lockFolder(path: string): Promise<OwnerLock> {
  mkdirSync(path, { recursive: true })
  const folder = shortName(path)
  try {
    const own = join(folder.name, `o-${randomUUID().slice(0, 8)}`)
    const lock = join(folder.name, 'owner.sock')
    const server = await listen(own)
    try {
      await takeName(own, lock, path)
    } catch (cause) {
      await closeServer(server)
      throw cause
    } finally {
      rmSync(own, { force: true })
    }
    return {
      async release() {
        rmSync(join(path, 'owner.sock'), { force: true })
        await closeServer(server)
      },
    }
  } finally {
    folder.close()
  }
}

/** `link` fails where the name exists, so of two that come at once one wins. */
async function takeName(own: string, lock: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      linkSync(own, lock)
      return
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    }
    if (await answers(lock)) break
    if (!(await removeDead(lock))) break
  }
  throw new BusError('log-locked', `${path} is in use by another process: stop it, or give this one another folder`)
}

/** Moves the dead owner's socket aside; puts it back when another took the lock meanwhile. */
async function removeDead(lock: string): Promise<boolean> {
  const aside = `${lock}.${randomUUID().slice(0, 8)}`
  try {
    renameSync(lock, aside)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw cause
  }
  const alive = await answers(aside)
  if (alive) linkSync(aside, lock)
  rmSync(aside, { force: true })
  return !alive
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** A socket's address holds 107 bytes (unix(7)); a deeper folder is reached through its descriptor. */
function shortName(path: string): { name: string; close(): void } {
  if (Buffer.byteLength(path) <= 80 || process.platform !== 'linux') return { name: path, close() {} }
  const descriptor = openSync(path, 'r')
  return { name: `/proc/self/fd/${descriptor}`, close: () => closeSync(descriptor) }
}
