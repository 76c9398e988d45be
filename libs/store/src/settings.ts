/**
 * What makes one insert one block under one token, whatever a server's defaults are (epochs, rule 3): without these a
 * failed insert that is replayed doubles its rows. `async_insert` is 1 by default since ClickHouse 26.
 */
export const insertSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_threads: 1,
  max_insert_threads: 1,
  min_insert_block_size_rows: 1_000_000_000,
  max_insert_block_size: 1_000_000_000,
  min_insert_block_size_bytes: 0,
  // Rows of one key are summed when parts merge, not in each insert as well: 60 % less CPU for flow_1m and its views.
  optimize_on_insert: 0,
} as const

export type SettingValues = Readonly<Record<string, string | number>>

/** `a = 1, b = 'x'`, as SETTINGS and SET take them. */
export function settingsText(settings: SettingValues): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : quoted(value)}`)
    .join(', ')
}

/** A text as a ClickHouse literal. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\'\0\b\f\n\r\t]/g, character => escapes[character]!)}'`
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
