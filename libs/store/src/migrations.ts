import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../kernel/src/index.ts'
import { renderTemplate, type SchemaVariables } from './schema-template.ts'
import { StoreError } from './store.ts'

/** One numbered file of `migrations/`: `0001-flows.sql`. Applied once, in order, never changed afterwards. */
export interface Migration {
  number: number
  name: string
  template: string
  /** SHA-256 of the template: of what was written, not of the retention it was rendered with. */
  checksum: string
}

/** How an adapter runs a statement; a failure of one stops the migration, which is run again at the next start. */
export interface SchemaRunner {
  command(sql: string): Promise<void>
  rows<Row>(sql: string): Promise<Row[]>
}

export function readMigrations(folder = join(packageRoot, 'libs/store/migrations')): Migration[] {
  const files = readdirSync(folder)
    .filter(file => file.endsWith('.sql'))
    .sort()
  return files.map((file, index) => {
    const number = Number.parseInt(file, 10)
    if (number !== index + 1) throw new Error(`${file}: migrations are numbered from 0001 without gaps`)
    const template = readFileSync(join(folder, file), 'utf8')
    return {
      number,
      name: file.slice(0, -'.sql'.length),
      template,
      checksum: createHash('sha256').update(template).digest('hex'),
    }
  })
}

/**
 * Brings the schema up to the code's. Statements are written to be repeatable (`IF NOT EXISTS`), because ClickHouse has
 * no transaction around them and a kill may leave a migration half done.
 * @returns the numbers applied now
 * @throws StoreError `schema-newer` when the tables were made by newer code, or by a migration that reads otherwise here
 */
export async function applyMigrations(
  runner: SchemaRunner,
  variables: SchemaVariables,
  migrations: readonly Migration[] = readMigrations(),
): Promise<number[]> {
  await runner.command(renderTemplate(migrationsTable, variables))
  const applied = await appliedMigrations(runner)
  refuseForeignSchema(migrations, applied)

  const done = new Set(applied.map(row => row.number))
  const missing = migrations.filter(migration => !done.has(migration.number))
  for (const migration of missing) {
    for (const statement of statementsOf(migration.template)) {
      await runner.command(renderTemplate(statement, variables))
    }
    await runner.command(
      `INSERT INTO schema_migrations SETTINGS async_insert = 0 VALUES (${migration.number}, '${migration.name}', '${migration.checksum}', now())`,
    )
  }
  return missing.map(migration => migration.number)
}

/**
 * Holds tables that somebody else makes to the code.
 * @throws StoreError `schema-newer` or `schema-older`
 */
export async function checkMigrations(
  runner: SchemaRunner,
  migrations: readonly Migration[] = readMigrations(),
): Promise<void> {
  const [table] = await runner.rows(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
  )
  const applied = table ? await appliedMigrations(runner) : []
  refuseForeignSchema(migrations, applied)
  const done = new Set(applied.map(row => row.number))
  const missing = migrations.filter(migration => !done.has(migration.number))
  if (missing.length === 0) return
  throw new StoreError(
    'schema-older',
    `the tables lack migration ${missing[0]!.name}: start once with store.users.owner, who may change tables`,
  )
}

interface AppliedMigration {
  number: number
  name: string
  checksum: string
}

function appliedMigrations(runner: SchemaRunner): Promise<AppliedMigration[]> {
  // Grouped: two processes that start at once may both write one down.
  return runner.rows(
    'SELECT number, any(name) AS name, any(checksum) AS checksum FROM schema_migrations GROUP BY number ORDER BY number',
  )
}

const migrationsTable = `CREATE TABLE IF NOT EXISTS schema_migrations{{onCluster}}
(number UInt32, name String, checksum String, applied_at DateTime('UTC'))
ENGINE = {{MergeTree}} ORDER BY number`

function refuseForeignSchema(migrations: readonly Migration[], applied: readonly AppliedMigration[]): void {
  for (const row of applied) {
    const known = migrations[row.number - 1]
    if (!known) {
      throw new StoreError(
        'schema-newer',
        `the tables were made by newer code (migration ${row.name}; this code knows ${migrations.length}): ` +
          'run that version or a later one, or point this one at another store',
      )
    }
    if (known.checksum !== row.checksum) {
      throw new StoreError(
        'schema-newer',
        `migration ${row.name} was applied with other text than this code has: ` +
          'the store belongs to another build; run that build, or point this one at another store',
      )
    }
  }
}

/** Splits at semicolons that end a line; our migrations hold none inside a text. */
export function statementsOf(sql: string): string[] {
  return sql
    .split('\n')
    .filter(line => !line.trimStart().startsWith('--'))
    .join('\n')
    .split(/;[ \t]*(?:\n|$)/)
    .map(statement => statement.trim())
    .filter(statement => statement !== '')
}
