import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packageRoot, silentLogger } from '../../kernel/src/index.ts'
import type { BusRecord } from '../src/index.ts'
import { createLocalBus } from '../src/local/index.ts'
import { readAll } from './bus-contract.ts'

const killsOfOneLog = Number(process.env.WEIR_KILLS ?? 5)

describe('local log under kill -9', () => {
  const path = mkdtempSync(join(tmpdir(), 'weir-kill-'))
  afterAll(() => rmSync(path, { recursive: true }))

  it(`keeps what it acknowledged over ${killsOfOneLog} kills and never numbers two records alike`, {
    timeout: 120_000 + killsOfOneLog * 2_000,
  }, async () => {
    const acknowledged = new Map<string, string>()
    for (let run = 0; run < killsOfOneLog; run++) {
      for (const [position, key] of await writeUntilKilled(path, run, 50 + ((run * 37) % 400))) {
        expect(acknowledged.has(position), `${position} was acknowledged twice`).toBe(false)
        acknowledged.set(position, key)
      }
      const found = await recordsOf(path)
      for (const [position, key] of acknowledged) expect(found.get(position)?.key, position).toBe(key)
      for (const record of found.values()) expect(isWhole(record)).toBe(true)
    }
    expect(acknowledged.size).toBeGreaterThan(killsOfOneLog * 50)
  })
})

/** Runs the writer until it has acknowledged so many records, kills it, and returns what it acknowledged. */
async function writeUntilKilled(path: string, run: number, acknowledgements: number): Promise<Map<string, string>> {
  const writer = join(packageRoot, 'dist/libs/bus/test/local-log-writer.js')
  const child = spawn(process.execPath, [writer, path, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (output.split('\n').length > acknowledgements) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  const lines = output.slice(0, output.lastIndexOf('\n')).split('\n')
  return new Map(
    lines.map(line => {
      const [partition, offset, key = ''] = line.split(' ')
      return [`${partition}/${offset}`, key] as const
    }),
  )
}

async function recordsOf(path: string): Promise<Map<string, BusRecord>> {
  const bus = createLocalBus({ path, log: silentLogger })
  await bus.start()
  const records = [...(await readAll(bus, 'kept')), ...(await readAll(bus, 'shrinking'))]
  await bus.stop()
  return new Map(
    records.map(record => [
      `${record.topic === 'kept' ? '' : 'shrinking/'}${record.partition}/${record.offset}`,
      record,
    ]),
  )
}

/** Values repeat their key. */
function isWhole({ key, value }: BusRecord): boolean {
  return value !== null && Buffer.from(value).equals(Buffer.alloc(value.length, key))
}
