import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, type FSWatcher, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createMetrics, packageRoot, type Random, silentLogger } from '../../kernel/src/index.ts'
import { createEmbeddedStore } from '../src/embedded/index.ts'
import { workloadBlock, workloadTables, workloadToken } from './epoch-workload.ts'
import { differencesOf } from './workload-differences.ts'

type Writer = ChildProcessByStdio<null, Readable, Readable>

const writerScript = join(packageRoot, 'dist/libs/store/test/epoch-writer.js')

export interface KillReport {
  kills: number
  epochs: number
  /** One entry a table whose content is not what the epochs meant. */
  differences: string[]
}

/**
 * Kills a writing process again and again, each time at another moment of an insert (some while it starts), lets the next
 * one repeat the epoch that was not acknowledged, and compares every window of every table and view with the rows meant.
 */
export async function killDuringInserts(kills: number, random: Random): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-store-kill-'))
  const day = Math.floor(Date.now() / 86_400_000) * 86_400
  try {
    let acked = -1
    for (let kill = 0; kill < kills; kill++) acked = await killOnce(folder, acked, day, kill % 8 === 7, random)
    const store = createEmbeddedStore({ path: folder, log: silentLogger, metrics: createMetrics() })
    await store.start()
    // Of the epoch in flight at the last kill anything may be there; repeating it completes it.
    for (const table of workloadTables) {
      await store.insert(table, workloadBlock(table, acked + 1, day), workloadToken(table, acked + 1))
    }
    const differences = await differencesOf(store, acked + 2, day)
    await store.stop()
    return { kills, epochs: acked + 2, differences }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs one writer until it dies by our hand. @returns the last epoch acknowledged */
async function killOnce(
  folder: string,
  acked: number,
  day: number,
  whileStarting: boolean,
  random: Random,
): Promise<number> {
  const writer: Writer = spawn(process.execPath, [writerScript, folder, String(acked + 1), String(day)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let last = acked
  let errors = ''
  let begun = 0
  // The first epochs after a start are slower than the rest; a few are let through.
  const killAtEpoch = 1 + Math.floor(random() * 6)
  const killAfterMs = random() * (whileStarting ? 400 : 40)
  let killed = false
  let watchers: FSWatcher[] = []
  const kill = () => {
    if (killed) return
    killed = true
    if (whileStarting || random() < 0.5) setTimeout(() => writer.kill('SIGKILL'), killAfterMs)
    else watchers = onTokenWritten(folder, Math.floor(random() * 20), () => writer.kill('SIGKILL'))
  }
  writer.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  let rest = ''
  writer.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const [word, number] = line.split(' ')
      if (word === 'starting' && whileStarting) kill()
      if (word === 'begin' && ++begun === killAtEpoch) kill()
      if (word === 'acked') last = Number(number)
    }
  })
  await new Promise(resolve => writer.once('close', resolve))
  for (const watcher of watchers) watcher.close()
  if (!killed) throw new Error(`the writer ended by itself: ${errors}`)
  return last
}

/**
 * Calls `act` as a token is written to a table's log, after `skip` others: the moment between a token and its part, which
 * no timer finds, is some 100 us long.
 */
function onTokenWritten(folder: string, skip: number, act: () => void): FSWatcher[] {
  const store = join(folder, 'chdb/store')
  const logs = readdirSync(store)
    .flatMap(prefix => readdirSync(join(store, prefix)).map(uuid => join(store, prefix, uuid, 'deduplication_logs')))
    .filter(existsSync)
  let seen = 0
  return logs.map(log =>
    watch(log, () => {
      if (seen++ === skip) act()
    }),
  )
}
