import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastEpochEnd, readStreamState, type StreamStateRow } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf } from './sample-blocks.ts'

const log = { log_id: '5e0bd8f0-0000-4000-8000-000000000001', topic: 'weir.polls.v1', partition: 3 }
const at = { logId: log.log_id, topic: log.topic, partition: log.partition }

describe('stream state', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(() => store.start())
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  async function collect(offset: number): Promise<StreamStateRow[]> {
    const rows: StreamStateRow[] = []
    for await (const row of readStreamState(store, { ...at, offset })) rows.push(row)
    return rows
  }

  it('is read as of an offset, in spite of newer rows of an epoch that was not committed', async () => {
    const row = (key: string, slot: number, offset: bigint) => ({
      ...log,
      key,
      slot,
      offset,
      state: `${key}@${offset}`,
    })
    const insert = (token: string, rows: object[]) =>
      store.insert('stream_state', blockOf('stream_state', rows as never), token)
    await insert('a', [row('if/1', 0, 10n), row('if/2', 0, 10n)])
    await insert('b', [row('if/1', 1, 20n)])
    await insert('c', [row('if/1', 0, 30n), row('if/2', 1, 30n), { ...row('if/1', 0, 15n), partition: 4 }])
    expect(await collect(20)).toEqual([
      { key: 'if/1', slot: 1, offset: 20, state: 'if/1@20' },
      { key: 'if/2', slot: 0, offset: 10, state: 'if/2@10' },
    ])
    expect(await collect(30)).toMatchObject([{ offset: 30 }, { offset: 30 }])
    expect(await collect(9)).toEqual([])
  })

  it('is read whole when it takes several pages', async () => {
    const rows = Array.from({ length: 12_345 }, (_, i) => ({
      ...log,
      partition: 9,
      key: `k${i}`,
      offset: 1n,
      state: 's',
    }))
    await store.insert('stream_state', blockOf('stream_state', rows), 'pages')
    const keys = new Set<string>()
    for await (const row of readStreamState(store, { ...at, partition: 9, offset: 1 })) keys.add(row.key)
    expect(keys.size).toBe(12_345)
  })

  it('ends where the ledger says, and nowhere for a log without epochs', async () => {
    const epoch = (from: bigint, to: bigint) => ({
      ...log,
      from_offset: from,
      to_offset: to,
      last_stamp: Date.now(),
    })
    await store.insert('stream_epochs', blockOf('stream_epochs', [epoch(0n, 7n), epoch(7n, 19n)]), 'epochs')
    expect(await lastEpochEnd(store, at)).toBe(19)
    expect(await lastEpochEnd(store, { ...at, logId: 'another' })).toBeUndefined()
  })
})
