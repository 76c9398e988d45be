import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { packageRoot } from '../../libs/kernel/src/index.ts'

export interface ClickHouseFront {
  url: string
  port: number
  pid: number
  /** SIGKILL, as a server's host would fail; resolves when the process is gone. */
  kill(): Promise<void>
  stop(): Promise<void>
}

export const frontUsers = {
  owner: { username: 'owner', password: 'owner-secret' },
  writer: { username: 'writer', password: 'writer-secret' },
  reader: { username: 'reader', password: 'reader-secret' },
}

const rights = { owner: 'all', writer: 'write', reader: 'read' } as const

/**
 * ClickHouse's HTTP interface over chdb, in a process of its own. Starting it again on the same folder and port is a
 * restart of the same server.
 */
export async function startClickHouseFront(folder: string, port = 0): Promise<ClickHouseFront> {
  const users = Object.fromEntries(
    Object.entries(frontUsers).map(([role, user]) => [
      user.username,
      { password: user.password, right: rights[role as keyof typeof rights] },
    ]),
  )
  const script = join(packageRoot, 'dist/test/clickhouse/front-process.js')
  const front = spawn(process.execPath, [script, folder, String(port), JSON.stringify(users)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(front, 'exit')
  const listening = new Promise<number>((resolve, reject) => {
    createInterface({ input: front.stdout }).on('line', line => {
      if (line.startsWith('listening ')) resolve(Number(line.slice('listening '.length)))
    })
    gone.then(([code, signal]) => reject(new Error(`the ClickHouse front ended at start (${signal ?? code})`)))
  })
  const bound = await listening
  const end = async (signal: NodeJS.Signals) => {
    front.kill(signal)
    await gone
  }
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    pid: front.pid!,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}
