import type { Retention } from './retention.ts'

/** What differs between a store in process, a server and a cluster, in otherwise equal SQL. */
export interface SchemaVariables {
  /** `replicated` needs Keeper; a server uses it even on one node, because plain MergeTree can lose a token (epochs). */
  engine: 'single' | 'replicated'
  /** Runs the DDL on every node, and puts Distributed tables over the shards when there are several. */
  cluster?: { name: string; sharded: boolean }
  /** Days, by table or resolution. */
  retention: Retention
}

/**
 * Deduplication entries kept by each table. At least 10 x Kafka partitions x ClickHouse partitions per insert x epochs
 * per longest takeover (epochs, rule 4): 12 partitions x 4 x 20 epochs x 10 is 9,600.
 */
const deduplicationWindow = 10_000
/** Longer than any topic keeps its records: what can still be replayed must still be known. */
const deduplicationWindowSeconds = 30 * 86_400

/** Fills in `{{…}}`. An unknown name is a mistake in a migration. */
export function renderTemplate(template: string, variables: SchemaVariables): string {
  return template.replace(/\{\{([^}]+)\}\}/g, (_, expression: string) => renderOne(expression.trim(), variables))
}

function renderOne(expression: string, variables: SchemaVariables): string {
  const { cluster, engine, retention } = variables
  const [, name, argument] = /^([A-Za-z]+)(?:[( .](.*?)\)?)?$/.exec(expression) ?? []
  switch (name) {
    case 'MergeTree':
    case 'SummingMergeTree':
    case 'AggregatingMergeTree':
    case 'ReplacingMergeTree':
      // Path and replica come from the server's default_replica_path and default_replica_name.
      return `${engine === 'replicated' ? 'Replicated' : ''}${name}${argument ? `(${argument})` : ''}`
    case 'deduplication':
      return engine === 'replicated'
        ? `replicated_deduplication_window = ${deduplicationWindow}, replicated_deduplication_window_seconds = ${deduplicationWindowSeconds}`
        : `non_replicated_deduplication_window = ${deduplicationWindow}`
    case 'retention':
      return String(retentionDays(argument, retention))
    case 'onCluster':
      return cluster ? ` ON CLUSTER '${cluster.name}'` : ''
    case 'local':
      return cluster?.sharded ? '_local' : ''
    default:
      throw new Error(`a migration uses {{${expression}}}, which nothing fills in`)
  }
}

function retentionDays(name: string | undefined, retention: Retention): number {
  if (!name || !(name in retention)) throw new Error(`a migration uses {{retention.${name}}}, which is not configured`)
  return retention[name as keyof Retention]
}
