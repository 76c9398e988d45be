/** Messages between the embedded store and its worker. One request is answered by one reply of the same id. */
export type WorkerRequest = { id: number } & (
  | { kind: 'insert'; table: string; columns: readonly string[]; token: string; bytes: Uint8Array; timeoutMs: number }
  | { kind: 'command'; sql: string }
  | { kind: 'query'; lane: number; sql: string; settings: string }
  | { kind: 'stop' }
)

export type WorkerReply =
  | { id: number; ok: true; bytes?: Uint8Array }
  | { id: number; ok: false; message: string; clickhouseCode?: number }

/** What the worker is started with. */
export interface WorkerData {
  /** chdb's folder and the one that blocks pass through. */
  dataPath: string
  spoolPath: string
  queryLanes: number
  statementMemoryBytesMax: number
  configFile: string
}

/** The id of the reply that says whether the data folder opened. */
export const openedId = 0

export const databaseName = 'weir'
