import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { exitCodes, UsageError } from '../src/command.ts'
import { detectCommand } from '../src/commands/detect.ts'
import { csvFields, timestampMs } from '../src/detect/series-csv.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-detect-'))
afterAll(() => rmSync(folder, { recursive: true }))

class Text extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function detect(content: string, ...args: string[]): Promise<{ code: number; rows: string[]; stderr: string }> {
  const path = join(folder, 'series.csv')
  writeFileSync(path, content)
  const [stdout, stderr] = [new Text(), new Text()]
  const code = await detectCommand.run([path, ...args], {
    stdout,
    stderr,
    signal: new AbortController().signal,
    env: {},
  })
  return { code, rows: stdout.text.trimEnd().split('\n'), stderr: stderr.text }
}

describe('weir detect', () => {
  it('writes a row for every row, and alerts at the spike', async () => {
    const rows = Array.from(
      { length: 3_000 },
      (_, i) => `${new Date(i * 300_000).toISOString()},${i === 2_500 ? 900 : 100 + (i % 7)}`,
    )
    const { code, rows: out } = await detect(`timestamp,value\n${rows.join('\n')}\n`)
    expect(code).toBe(exitCodes.ok)
    expect(out[0]).toBe('timestamp,value,score,alertScore,alert')
    expect(out).toHaveLength(3_001)
    expect(out.slice(1).map(row => row.split(',').slice(0, 2).join(','))).toEqual(rows)
    expect(out.flatMap((row, i) => (row.endsWith(',1') ? [i - 1] : []))).toEqual([2_500])
    for (const row of out.slice(1)) {
      const [, , score, alertScore] = row.split(',').map(Number)
      expect(score! >= 0 && score! <= 1 && alertScore! >= 0 && alertScore! <= 1).toBe(true)
    }
  })

  it('finds columns by name, and passes through what it cannot judge', async () => {
    const { code, rows, stderr } = await detect(
      '\uFEFFid,"bits, in",at\r\n1,5,1700000000\r\n2,,1700000060\r\n3,6,nonsense\r\n',
      '--timestamp',
      'at',
      '--value',
      'bits, in',
    )
    expect(code).toBe(exitCodes.ok)
    expect(rows.slice(1)).toEqual(['1700000000,5,0,0,0', '1700000060,,0,0,0', 'nonsense,6,0,0,0'])
    expect(stderr).toContain('2 rows')
  })

  it('says what is wrong with its arguments or its file', async () => {
    await expect(detect('a,b\n1,2\n')).rejects.toThrow(UsageError)
    await expect(
      detectCommand.run([], { stdout: new Text(), stderr: new Text(), signal: new AbortController().signal, env: {} }),
    ).rejects.toThrow(UsageError)
    const stderr = new Text()
    expect(
      await detectCommand.run([join(folder, 'absent.csv')], {
        stdout: new Text(),
        stderr,
        signal: new AbortController().signal,
        env: {},
      }),
    ).toBe(exitCodes.failed)
    expect(stderr.text).toContain('absent.csv')
    expect((await detect('')).code).toBe(exitCodes.failed)
  })
})

describe('CSV of series', () => {
  it.each([
    ['2014-07-01 00:30:00', Date.UTC(2014, 6, 1, 0, 30)],
    ['2014-07-01 00:30:00.250', Date.UTC(2014, 6, 1, 0, 30, 0, 250)],
    ['2014-07-01T00:30:00+02:00', Date.UTC(2014, 5, 30, 22, 30)],
    ['2014-07-01', Date.UTC(2014, 6, 1)],
    ['1404174600', 1_404_174_600_000],
    ['1404174600500', 1_404_174_600_500],
    ['yesterday', Number.NaN],
    ['', Number.NaN],
  ])('reads the time %s', (text, ms) => {
    expect(timestampMs(text)).toBe(ms)
  })

  it('splits quoted fields', () => {
    expect(csvFields('a,"b,""c""",,d')).toEqual(['a', 'b,"c"', '', 'd'])
  })
})
