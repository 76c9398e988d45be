import type { Logger } from '../../kernel/src/index.ts'
import type { SchemaRunner } from './migrations.ts'
import { retentionOf, timeColumns } from './retention.ts'
import { renderTemplate, type SchemaVariables } from './schema-template.ts'

/**
 * Gives the tables the configured retention when it differs from the one they were made with. A shorter one removes rows
 * at the next merges; it is not undone by setting it longer again.
 */
export async function applyRetention(runner: SchemaRunner, variables: SchemaVariables, log: Logger): Promise<void> {
  const tables = await runner.rows<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() ORDER BY name',
  )
  for (const { name, engine_full } of tables) {
    const table = name.replace(/_local$/, '')
    const days = retentionOf(table, variables.retention)
    const now = /TTL .* \+ toIntervalDay\((\d+)\)/.exec(engine_full)?.[1]
    if (days === undefined || now === undefined || Number(now) === days) continue
    // Without materialising: the parts learn of it when they merge, not in one rewrite of all history at start.
    await runner.command(
      renderTemplate(
        `ALTER TABLE ${name}{{onCluster}} MODIFY TTL ${timeColumns[table]} + INTERVAL ${days} DAY SETTINGS materialize_ttl_after_modify = 0`,
        variables,
      ),
    )
    log.info({ table: name, fromDays: Number(now), toDays: days }, 'retention changed')
  }
}
