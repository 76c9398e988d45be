import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serviceAccess, tenantReaderAccess, tenantTables } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'

describe('access', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(() => store.start())
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  it('knows every table that holds tenants’ rows', async () => {
    const rows = await store.query<{ table: string }>(
      `SELECT DISTINCT table FROM system.columns
       WHERE database = currentDatabase() AND name = 'tenant_id' AND table NOT LIKE '%_mv' ORDER BY table`,
    )
    expect([...tenantTables].sort()).toEqual(rows.map(row => row.table))
  })

  it('gives a tenant’s reader one policy a table, and no table without one', () => {
    const statements = tenantReaderAccess('grafana', ['acme'], { database: 'weir' })
    for (const table of tenantTables) {
      const policies = statements.filter(sql => sql.startsWith('CREATE ROW POLICY') && sql.includes(`.${table} `))
      expect({ table, policies: policies.length }).toEqual({ table, policies: 1 })
    }
    const granted = statements.flatMap(sql => /^GRANT SELECT ON `weir`\.(\S+) /.exec(sql)?.[1] ?? [])
    expect(granted).toEqual(tenantTables)
    expect(() => tenantReaderAccess('grafana', [], { database: 'weir' })).toThrow(TypeError)
  })

  it('is SQL that ClickHouse parses, whatever the names', async () => {
    const hostile = "a`b'\\; DROP"
    const options = { database: 'weir', cluster: 'eu-1' }
    const statements = [
      ...tenantReaderAccess(hostile, ["o'hara", 'acme'], options),
      ...tenantReaderAccess('grafana', ['acme'], { database: 'weir' }),
      ...serviceAccess('weir_writer', hostile, options),
    ]
    for (const sql of statements) {
      const [row] = await store.query<{ formatted: string }>('SELECT formatQuery({sql:String}) AS formatted', { sql })
      expect(row!.formatted).toMatch(/^(CREATE ROW POLICY|GRANT|ALTER USER)/)
    }
  })
})
