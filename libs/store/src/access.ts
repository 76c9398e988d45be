import { quoted } from './settings.ts'
import { type TableName, tables } from './tables.ts'

/** Tables that views fill, beside those the services write. */
const derivedTables = ['flow', 'interface', 'probe'].flatMap(family =>
  ['5m', '1h', '1d'].map(size => `${family}_${size}`),
)

/** Tables that hold tenants' rows. What the stream remembers and the schema's own book are for the services only. */
export const tenantTables: readonly string[] = [
  ...(Object.keys(tables) as TableName[]).filter(table => 'tenant_id' in tables[table]),
  ...derivedTables,
]

export interface AccessOptions {
  database: string
  /** Runs the statements on every node of that cluster. */
  cluster?: string
}

/** What the services' own users may do; an administrator runs these once. */
export function serviceAccess(writer: string, reader: string, options: AccessOptions): string[] {
  const { database, on } = placesOf(options)
  return [
    `GRANT${on} INSERT ON ${database}.* TO ${name(writer)}`,
    `GRANT${on} SELECT ON ${database}.* TO ${name(reader)}`,
    // 2: no writes, but limits of its own for each query.
    `ALTER USER ${name(reader)}${on} SETTINGS readonly = 2`,
  ]
}

/**
 * Lets a read-only user, of Grafana or a person, see the rows of the given tenants and nothing else. One policy a table,
 * because a table without one is open, and policies of one user are alternatives to each other. They bind the users they
 * name and nobody else.
 */
export function tenantReaderAccess(user: string, tenants: readonly string[], options: AccessOptions): string[] {
  if (tenants.length === 0) throw new TypeError('a tenant reader needs at least one tenant')
  const { database, on } = placesOf(options)
  const list = tenants.map(quoted).join(', ')
  return [
    ...tenantTables.flatMap(table => [
      `CREATE ROW POLICY OR REPLACE ${name(`tenants_of_${user}`)}${on} ON ${database}.${table} ` +
        `USING tenant_id IN (${list}) TO ${name(user)}`,
      `GRANT${on} SELECT ON ${database}.${table} TO ${name(user)}`,
    ]),
    `ALTER USER ${name(user)}${on} SETTINGS readonly = 1, max_execution_time = 30, max_result_rows = 1000000`,
  ]
}

function placesOf({ database, cluster }: AccessOptions): { database: string; on: string } {
  return { database: name(database), on: cluster === undefined ? '' : ` ON CLUSTER ${quoted(cluster)}` }
}

function name(identifier: string): string {
  return `\`${identifier.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}
