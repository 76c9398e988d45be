import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes the server part of chdb's configuration, which no `SET` reaches: its caches may grow to 5 GiB each by default,
 * more than a small host's whole telemetry system should take.
 * @returns the file, for `--config-file`
 */
export function writeChdbConfig(folder: string, memoryBytesMax: number): string {
  const file = join(folder, 'chdb.xml')
  const cacheBytes = Math.floor(memoryBytesMax / 16)
  const values = {
    max_server_memory_usage: memoryBytesMax,
    mark_cache_size: cacheBytes,
    primary_index_cache_size: cacheBytes,
    query_condition_cache_size: cacheBytes,
    compiled_expression_cache_size: cacheBytes,
    background_pool_size: 2,
  }
  const lines = Object.entries(values).map(([name, value]) => `  <${name}>${value}</${name}>\n`)
  writeFileSync(file, `<!-- Written at each start. -->\n<clickhouse>\n${lines.join('')}</clickhouse>\n`)
  return file
}
