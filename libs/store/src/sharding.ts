import { timeColumns } from './retention.ts'
import { renderTemplate, type SchemaVariables } from './schema-template.ts'
import { flowFieldColumns, tables } from './tables.ts'

/**
 * By what a sharded cluster spreads each table's rows. A function of the row alone, so that a replayed block meets its
 * tokens on the same shards; and of what versions of a row share, so that replacing engines find them together.
 */
const shardingKeys: Readonly<Record<string, string>> = {
  flows: 'cityHash64(tenant_id, collector_id, exporter)',
  alarm_events: 'cityHash64(tenant_id, alarm_id)',
  devices: 'cityHash64(tenant_id, device_id)',
  interfaces: 'cityHash64(tenant_id, device_id)',
  sensors: 'cityHash64(tenant_id, device_id)',
  sensor_5m: 'cityHash64(tenant_id, device_id)',
  device_hardware: 'cityHash64(tenant_id, device_id)',
  stations: 'cityHash64(tenant_id, mac)',
  exporter_names: 'cityHash64(tenant_id, exporter_id)',
  device_changes: 'cityHash64(tenant_id, device_id)',
  stream_state: 'cityHash64(log_id, topic, partition)',
  stream_epochs: 'cityHash64(log_id, topic, partition)',
}

/** The statements that put a Distributed table over every local one; none unless the cluster has shards. */
export function distributedTables(database: string, variables: SchemaVariables): string[] {
  const { cluster } = variables
  if (!cluster?.sharded) return []
  const names = [...new Set([...Object.keys(tables), ...Object.keys(timeColumns)])]
  const created = names.map(name =>
    renderTemplate(
      `CREATE TABLE IF NOT EXISTS ${name}{{onCluster}} AS ${name}_local ` +
        `ENGINE = Distributed('${cluster.name}', '${database}', '${name}_local', ${shardingKeyOf(name)})`,
      variables,
    ),
  )
  // One that an earlier version made lacks what migration 0005 added to the local tables.
  const columns = flowColumnsAdded.map(
    name =>
      `ADD COLUMN IF NOT EXISTS ${name} ${tables.flow_1m[name] === 'String' ? 'LowCardinality(String)' : tables.flow_1m[name]}`,
  )
  const grown = ['1m', '5m', '1h', '1d'].map(size =>
    renderTemplate(`ALTER TABLE flow_${size}{{onCluster}} ${columns.join(', ')}`, variables),
  )
  const changes = renderTemplate(
    `ALTER TABLE device_changes{{onCluster}} ADD COLUMN IF NOT EXISTS subject String, ADD COLUMN IF NOT EXISTS detail String, ADD COLUMN IF NOT EXISTS event_id String`,
    variables,
  )
  const talkers = renderTemplate(
    `ALTER TABLE talker_1h{{onCluster}} ${['octets', 'packets', 'records'].map(sum => `ADD COLUMN IF NOT EXISTS ${sum}_unlisted_max UInt64`).join(', ')}`,
    variables,
  )
  const fields = flowFieldColumns.map(name => `ADD COLUMN IF NOT EXISTS ${name} ${clusterType(name)}`)
  const flows = renderTemplate(`ALTER TABLE flows{{onCluster}} ${fields.join(', ')}`, variables)
  return [...created, ...grown, changes, flows, talkers]
}

/** As migration 0012 has it: a Distributed table fills in what a block left out before it sends the rows on. */
function clusterType(name: (typeof flowFieldColumns)[number]): string {
  const type = tables.flows[name]
  if (type === 'String') return 'LowCardinality(String)'
  if (name === 'ingress_vrf' || name === 'egress_vrf') return `${type} DEFAULT 4294967295`
  return name === 'icmp_type_code' ? `${type} DEFAULT 65535` : type
}

const flowColumnsAdded = [
  'source_network',
  'destination_network',
  'source_site',
  'destination_site',
  'source_country',
  'destination_country',
  'application',
  'dscp',
  'direction',
  'exporter_site',
  'exporter_role',
] as const satisfies readonly (keyof typeof tables.flow_1m)[]

function shardingKeyOf(table: string): string {
  if (/^(flow|talker|conversation)_/.test(table)) return 'cityHash64(tenant_id, exporter_id)'
  if (table.startsWith('interface_')) return 'cityHash64(tenant_id, device_id)'
  if (table.startsWith('probe_')) return 'cityHash64(tenant_id, probe_id)'
  const key = shardingKeys[table]
  if (!key) throw new Error(`table ${table} has no sharding key`)
  return key
}
