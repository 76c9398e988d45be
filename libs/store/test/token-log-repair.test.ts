import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repairTokenLogs } from '../src/embedded/token-log-repair.ts'

describe('repair of token logs', () => {
  let folder: string
  let table: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-tokens-'))
    table = join(folder, 'store', '0a9', '0a99eb75-113a-4455-b9ec-2a7b51114ec2')
    mkdirSync(join(table, 'deduplication_logs'), { recursive: true })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const parts = (...names: string[]) => {
    for (const name of names) mkdirSync(join(table, name))
  }
  const log = (number: number) => join(table, 'deduplication_logs', `deduplication_log_${number}.txt`)
  const line = (part: string, operation = 1) => `${operation}\t${part}\t${part.split('_')[0]}_123_456\n`

  it('keeps tokens whose part is there, whole, merged or mutated', () => {
    parts('20261123_1_1_0', '20261123_2_5_1', '20261124_7_9_2_11')
    const text = ['20261123_1_1_0', '20261123_2_2_0', '20261123_5_5_0', '20261124_8_8_0']
      .map(name => line(name))
      .join('')
    writeFileSync(log(1), text)
    expect(repairTokenLogs(folder)).toEqual([])
    expect(readFileSync(log(1), 'utf8')).toBe(text)
  })

  it('forgets tokens whose part is not there, in each log', () => {
    parts('20261123_1_1_0')
    writeFileSync(log(1), line('20261123_1_1_0') + line('20261123_2_2_0'))
    writeFileSync(log(2), line('20261124_1_1_0') + line('20261123_1_1_0'))
    expect(repairTokenLogs(folder)).toEqual([`${table}: 20261123_2_2_0`, `${table}: 20261124_1_1_0`])
    expect(readFileSync(log(1), 'utf8')).toBe(line('20261123_1_1_0'))
    expect(readFileSync(log(2), 'utf8')).toBe(line('20261123_1_1_0'))
    expect(readdirSync(join(table, 'deduplication_logs'))).toHaveLength(2)
  })

  it('does not take temporary or detached folders for parts', () => {
    parts('tmp_insert_20261123_2_2_0', 'delete_tmp_20261123_2_2_0', 'detached')
    mkdirSync(join(table, 'detached', '20261123_2_2_0'))
    writeFileSync(log(1), line('20261123_2_2_0'))
    expect(repairTokenLogs(folder)).toHaveLength(1)
  })

  it('drops a line that was cut short, and leaves drops of tokens alone', () => {
    parts('all_1_1_0')
    const dropped = line('all_9_9_0', 2)
    writeFileSync(log(1), `${line('all_1_1_0')}${dropped}1\tall_2_2_0\tall_1`)
    expect(repairTokenLogs(folder)).toEqual([`${table}: all_2_2_0`])
    expect(readFileSync(log(1), 'utf8')).toBe(line('all_1_1_0') + dropped)
  })

  it('has nothing to do in a folder that is not there yet', () => {
    expect(repairTokenLogs(join(folder, 'nowhere'))).toEqual([])
  })
})
