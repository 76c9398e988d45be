import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allTenants, findAnnouncedNames, findPolledNames, listExporterNames, numberKey } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf } from './sample-blocks.ts'

const nowMs = Date.now()
const exporterId = 'acme/c/192.0.2.1'
const other = 'zeta/c/192.0.2.1'

describe('names that exporters announce', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  const tell = (tenant: string, id: string, rev: bigint, interfaces: unknown[], vrfs: unknown[] = []) =>
    store.insert(
      'exporter_names',
      blockOf('exporter_names', [
        {
          tenant_id: tenant,
          exporter_id: id,
          interfaces_json: JSON.stringify(interfaces),
          vrfs_json: JSON.stringify(vrfs),
          samplers_json: '[]',
          learned_at: nowMs,
          rev,
        },
      ]),
      `names/${id}/${rev}`,
    )
  beforeAll(async () => {
    await store.start()
    await tell('acme', exporterId, 1n, [[1, 'old', '']])
    await tell(
      'acme',
      exporterId,
      2n,
      Array.from({ length: 250 }, (_, i) => [i + 1, `Gi0/${i + 1}`, i === 0 ? 'To "core"\\ \u0000\ufffd ü' : '']),
      [[7, 'red', '']],
    )
    await tell('zeta', other, 1n, [[1, 'theirs', '']])
    const polled = { tenant_id: 'acme', device_id: 'r1', polled_at: nowMs - 60_000, rev: 1n }
    await store.insert(
      'interfaces',
      blockOf('interfaces', [
        { ...polled, interface_id: 'r1/xe-0', if_index: 4, if_name: 'xe-0', if_alias: 'Uplink' },
        // It had number 5 until its card was drawn; another has the number now.
        { ...polled, interface_id: 'r1/gone', if_index: 5, if_name: 'gone' },
        { ...polled, interface_id: 'r1/xe-1', if_index: 5, if_name: 'xe-1', polled_at: nowMs },
        { ...polled, tenant_id: 'zeta', interface_id: 'r1/theirs', if_index: 4, if_name: 'theirs' },
      ]),
      'i1',
    )
  }, 60_000)
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  it('lists the newest revision in pages, by kind and number', async () => {
    const first = await listExporterNames(store, { tenants: ['acme'], exporterId, limit: 200 })
    expect(first.items.slice(0, 2)).toEqual([
      {
        kind: 'interface',
        number: 1,
        name: 'Gi0/1',
        description: 'To "core"\\ \u0000\ufffd ü',
        learnedAt: new Date(nowMs).toISOString(),
      },
      expect.objectContaining({ number: 2, name: 'Gi0/2', description: '' }),
    ])
    const second = await listExporterNames(store, {
      tenants: ['acme'],
      exporterId,
      limit: 200,
      cursor: first.nextCursor!,
    })
    expect(second.items.map(row => row.number)).toEqual([...Array.from({ length: 50 }, (_, i) => i + 201), 7])
    expect(second.items.at(-1)).toMatchObject({ kind: 'vrf', name: 'red' })
    expect(second.nextCursor).toBeNull()
    const vrfs = await listExporterNames(store, { tenants: allTenants, exporterId, kinds: ['vrf'] })
    expect(vrfs.items).toEqual([expect.objectContaining({ kind: 'vrf', number: 7, name: 'red' })])
    await expect(listExporterNames(store, { tenants: ['acme'], exporterId, cursor: 'x' })).rejects.toMatchObject({
      code: 'store-rejected',
    })
  })

  it('looks up many numbers, and nothing of another tenant', async () => {
    const wanted = Array.from({ length: 600 }, (_, i) => [exporterId, i] as const)
    const found = await findAnnouncedNames(store, {
      tenants: ['acme'],
      kind: 'interface',
      wanted: [...wanted, [other, 1]],
    })
    expect(found.size).toBe(250)
    expect(found.get(numberKey(exporterId, 250))).toEqual({ name: 'Gi0/250', description: '' })
    expect(await findAnnouncedNames(store, { tenants: [], kind: 'interface', wanted })).toEqual(new Map())
    expect((await listExporterNames(store, { tenants: ['zeta'], exporterId })).items).toEqual([])
  })

  it('takes the interface that had a number last', async () => {
    const wanted = [
      ['acme/r1', 4],
      ['acme/r1', 5],
      ['acme/r1', 6],
    ] as const
    expect(await findPolledNames(store, { tenants: ['acme', 'zeta'], wanted })).toEqual(
      new Map([
        [numberKey('acme/r1', 4), { name: 'xe-0', description: 'Uplink' }],
        [numberKey('acme/r1', 5), { name: 'xe-1', description: '' }],
      ]),
    )
  })
})
