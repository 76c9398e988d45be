import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultRetention } from '../src/index.ts'
import { readMigrations, statementsOf } from '../src/migrations.ts'
import { renderTemplate, type SchemaVariables } from '../src/schema-template.ts'
import { distributedTables } from '../src/sharding.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'

const shapes: readonly (readonly [string, SchemaVariables])[] = [
  ['one server', { engine: 'single', retention: defaultRetention }],
  ['one server with Keeper', { engine: 'replicated', retention: defaultRetention }],
  ['replicas', { engine: 'replicated', retention: defaultRetention, cluster: { name: 'weir-eu', sharded: false } }],
  ['shards', { engine: 'replicated', retention: defaultRetention, cluster: { name: 'weir-eu', sharded: true } }],
]

const repeatable =
  /^(CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS|ALTER TABLE [^(]+\(ADD COLUMN IF NOT EXISTS|DROP VIEW IF EXISTS|ALTER TABLE [^(]+\(MODIFY QUERY|DETACH TABLE IF EXISTS|ATTACH TABLE IF NOT EXISTS)/

describe('schema', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(() => store.start())
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  it.each(shapes)('is SQL that ClickHouse parses, for %s', async (_, variables) => {
    const statements = [
      ...readMigrations().flatMap(migration => statementsOf(migration.template)),
      ...distributedTables('weir', variables),
    ].map(statement => renderTemplate(statement, variables))
    expect(statements.length).toBeGreaterThan(15)
    for (const sql of statements) {
      const [row] = await store.query<{ formatted: string }>('SELECT formatQuery({sql:String}) AS formatted', { sql })
      // All can be run again after a kill in the middle.
      expect(row!.formatted).toMatch(repeatable)
      expect(sql).not.toContain('{{')
      expect(sql.includes("ON CLUSTER 'weir-eu'")).toBe(variables.cluster !== undefined)
      const isView = sql.startsWith('CREATE MATERIALIZED')
      if (sql.startsWith('CREATE') && !isView && !sql.includes('Distributed(')) {
        expect(sql.includes('ENGINE = Replicated')).toBe(variables.engine === 'replicated')
        expect(sql).toMatch(/deduplication_window = \d{4,}/)
      }
    }
  })

  it('puts a Distributed table over every local one, and feeds views from local tables', () => {
    const variables = shapes[3]![1]
    const made = readMigrations()
      .flatMap(migration => statementsOf(migration.template))
      .map(statement => renderTemplate(statement, variables))
    const locals = made.flatMap(sql => /^CREATE TABLE IF NOT EXISTS (\w+)_local/.exec(sql)?.[1] ?? []).sort()
    const overs = distributedTables('weir', variables).flatMap(
      sql => /^CREATE TABLE IF NOT EXISTS (\w+)/.exec(sql)?.[1] ?? [],
    )
    expect(overs.sort()).toEqual(locals)
    for (const sql of made.filter(one => one.startsWith('CREATE MATERIALIZED') || one.includes('MODIFY QUERY'))) {
      if (sql.startsWith('CREATE')) expect(sql).toMatch(/ TO \w+_local AS/)
      expect(sql).toMatch(/FROM \w+_local\b/)
    }
  })

  it('gives the Distributed table of raw flows the columns and defaults of the local ones', () => {
    const columnsOf = (sql: string) =>
      [...sql.matchAll(/ADD COLUMN IF NOT EXISTS (\w+ [\w()]+(?: DEFAULT \d+)?)/g)].map(([, column]) => column)
    const [local] = readMigrations()
      .flatMap(migration => statementsOf(migration.template))
      .filter(sql => sql.startsWith('ALTER TABLE flows{{local}}'))
    const over = distributedTables('weir', shapes[3]![1]).find(sql => sql.startsWith('ALTER TABLE flows '))
    expect(columnsOf(local!)).toHaveLength(24)
    expect(columnsOf(over!)).toEqual(columnsOf(local!))
  })

  it('loads a view anew after changing it in place, because its tokens are others until then', () => {
    const statements = readMigrations().flatMap(migration => statementsOf(migration.template))
    const stale = new Set<string>()
    for (const sql of statements) {
      const changed = /^ALTER TABLE (\w+_mv)\{\{onCluster\}\}\s+MODIFY QUERY/.exec(sql)?.[1]
      const loaded = /^ATTACH TABLE IF NOT EXISTS (\w+_mv)/.exec(sql)?.[1]
      if (changed) stale.add(changed)
      if (loaded) stale.delete(loaded)
    }
    expect(statements.some(sql => sql.includes('MODIFY QUERY'))).toBe(true)
    expect([...stale]).toEqual([])
  })

  it('refuses a template with an unknown name', () => {
    expect(() => renderTemplate('{{nothing}}', shapes[0]![1])).toThrow('{{nothing}}')
    expect(() => renderTemplate('{{retention.2m}}', shapes[0]![1])).toThrow('retention.2m')
  })
})
