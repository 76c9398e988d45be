import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from '../../../kernel/src/index.ts'
import { applyMigrations, checkMigrations, type SchemaRunner } from '../migrations.ts'
import { applyRetention } from '../retention-change.ts'
import { renderTemplate, type SchemaVariables } from '../schema-template.ts'
import { distributedTables } from '../sharding.ts'
import type { HttpStoreConfig } from '../store-config.ts'
import { type ClientTimeouts, openClient } from './clients.ts'

/** Makes database and tables as the owner, when one is configured, and otherwise only checks that they are the code's. */
export async function prepareSchema(
  config: HttpStoreConfig,
  reader: ClickHouseClient,
  timeouts: ClientTimeouts,
  log: Logger,
): Promise<void> {
  const { owner } = config.users
  if (!owner) return checkMigrations(runnerOf(reader))

  const variables: SchemaVariables = {
    engine: config.engine,
    retention: config.retention,
    ...(config.cluster ? { cluster: config.cluster } : {}),
  }
  const outside = openClient(config, owner, timeouts, 1, 'default')
  try {
    await runnerOf(outside).command(
      renderTemplate(`CREATE DATABASE IF NOT EXISTS ${config.database}{{onCluster}}`, variables),
    )
  } finally {
    await outside.close()
  }
  const client = openClient(config, owner, timeouts, 1)
  try {
    const runner = runnerOf(client)
    const applied = await applyMigrations(runner, variables)
    if (applied.length > 0) log.info({ migrations: applied }, 'applied migrations')
    for (const statement of distributedTables(config.database, variables)) await runner.command(statement)
    await applyRetention(runner, variables, log)
  } finally {
    await client.close()
  }
}

function runnerOf(client: ClickHouseClient): SchemaRunner {
  return {
    async command(sql) {
      // Answers only when every node of the cluster is done, and with its failure if one failed.
      await client.command({ query: sql, clickhouse_settings: { wait_end_of_query: 1 } })
    },
    async rows<Row>(sql: string) {
      const result = await client.query({ query: sql, format: 'JSONEachRow' })
      return result.json<Row>()
    },
  }
}
