import type { Store } from '../store.ts'

/** A partition of one log, as state rows and the ledger name it. */
export interface LogPartition {
  logId: string
  topic: string
  partition: number
}

export interface StreamStateRow {
  key: string
  /** Where this version lies; the next one goes to the other slot. */
  slot: number
  offset: number
  state: string
}

/** A page of state rows; states are some KB each. */
const pageRows = 5_000

/**
 * What the stream remembered as of `offset`: for each key its newest row at or before it, in the order of keys. Rows of
 * epochs that were inserted but not committed lie after `offset` and are passed over.
 */
export async function* readStreamState(
  store: Store,
  at: LogPartition & { offset: number },
): AsyncGenerator<StreamStateRow, void, undefined> {
  let after: string | undefined
  for (;;) {
    const rows = await store.query<{ key: string; slot: number; offset: string; state: string }>(
      // The page's last key first, so that states are read of this page's keys only.
      `WITH (SELECT max(key) FROM (
         SELECT DISTINCT key FROM stream_state WHERE ${where(after)} ORDER BY key LIMIT {pageRows:UInt32}
       )) AS last
       SELECT key, newest.1 AS slot, newest.2 AS offset, newest.3 AS state FROM (
         SELECT key, argMax((slot, offset, state), offset) AS newest FROM stream_state
         WHERE ${where(after)} AND key <= last GROUP BY key
       ) ORDER BY key`,
      { ...at, pageRows, ...(after === undefined ? {} : { after }) },
      { rowsMax: pageRows, timeoutMs: 120_000 },
    )
    for (const row of rows) yield { ...row, offset: Number(row.offset) }
    if (rows.length < pageRows) return
    after = rows.at(-1)!.key
  }
}

function where(after: string | undefined): string {
  return (
    'log_id = {logId:String} AND topic = {topic:String} AND partition = {partition:UInt32} ' +
    `AND offset <= {offset:UInt64}${after === undefined ? '' : ' AND key > {after:String}'}`
  )
}

/** The ledger's word: the end of the last epoch whose rows are all in; undefined when it has none of this log. */
export async function lastEpochEnd(store: Store, of: LogPartition): Promise<number | undefined> {
  const [row] = await store.query<{ epochs: string; end: string }>(
    `SELECT count() AS epochs, max(to_offset) AS end FROM stream_epochs
     WHERE log_id = {logId:String} AND topic = {topic:String} AND partition = {partition:UInt32}`,
    { ...of },
  )
  return row && row.epochs !== '0' ? Number(row.end) : undefined
}
