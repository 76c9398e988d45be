import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, type FSWatcher, mkdtempSync, readdirSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createMetrics, packageRoot, type Random, silentLogger } from '../../kernel/src/index.ts'
import { createEmbeddedStore } from '../src/embedded/index.ts'
import type { Store, TableName } from '../src/index.ts'
import { workloadRows } from './epoch-workload.ts'
import type { SampleRow } from './sample-blocks.ts'

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
    const differences = await differencesOf(store, acked, day)
    await store.stop()
    return { kills, epochs: acked + 1, differences }
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

/**
 * The epoch in flight at the last kill may be there or not, but whole epochs before it must be exact: so the last one is
 * completed first, by inserting it again.
 */
async function differencesOf(store: Store, acked: number, day: number): Promise<string[]> {
  const { workloadBlock, workloadTables, workloadToken } = await import('./epoch-workload.ts')
  for (const table of workloadTables) {
    await store.insert(table, workloadBlock(table, acked + 1, day), workloadToken(table, acked + 1))
  }
  const epochs = acked + 2
  const found: string[] = []
  const compare = async (name: string, sql: string, meant: Map<string, bigint>) => {
    const rows = await store.query<{ key: string; total: string }>(sql)
    const wrong = rows.filter(row => meant.get(row.key) !== BigInt(row.total)).length
    if (wrong > 0 || rows.length !== meant.size) {
      found.push(`${name}: ${wrong} of ${rows.length} totals differ, ${meant.size} meant`)
    }
  }
  const levels = { '1m': 60, '5m': 300, '1h': 3_600, '1d': 86_400 }
  for (const [level, seconds] of Object.entries(levels)) {
    const window = (row: SampleRow) => Number(row.window_start) - (Number(row.window_start) % seconds)
    await compare(
      `flow_${level}`,
      `SELECT concat(toString(toUnixTimestamp(window_start)), '/', exporter_id) AS key, sum(octets) AS total
       FROM flow_${level} GROUP BY key`,
      totals('flow_1m', epochs, day, row => [`${window(row)}/${row.exporter_id}`, row.octets as bigint]),
    )
    await compare(
      `interface_${level}`,
      `SELECT concat(toString(toUnixTimestamp(window_start)), '/', interface_id) AS key, sum(in_octets) AS total
       FROM interface_${level} GROUP BY key`,
      totals('interface_1m', epochs, day, row => [`${window(row)}/${row.interface_id}`, row.in_octets as bigint]),
    )
  }
  await compare(
    'flows',
    'SELECT exporter AS key, sum(octets) AS total FROM flows GROUP BY key',
    totals('flows', epochs, day, row => [String(row.exporter), row.octets as bigint]),
  )
  await compare(
    'alarm_events',
    'SELECT toString(seq) AS key, count() AS total FROM alarm_events GROUP BY key',
    totals('alarm_events', epochs, day, row => [String(row.seq), 1n]),
  )
  await compare(
    'stream_state',
    'SELECT key, max(offset) AS total FROM stream_state GROUP BY key',
    newestOffsets(epochs, day),
  )
  return found
}

function totals(
  table: TableName,
  epochs: number,
  day: number,
  read: (row: SampleRow) => [key: string, value: bigint],
): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const row of workloadRows(table, epoch, day)) {
      const [key, value] = read(row)
      sums.set(key, BigInt.asUintN(64, (sums.get(key) ?? 0n) + value))
    }
  }
  return sums
}

function newestOffsets(epochs: number, day: number): Map<string, bigint> {
  const newest = new Map<string, bigint>()
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const row of workloadRows('stream_state', epoch, day)) newest.set(String(row.key), BigInt(epoch))
  }
  return newest
}
