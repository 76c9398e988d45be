import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { Session } from 'chdb'
import { insertSettings, settingsText } from '../settings.ts'
import type { ColumnType, TableName } from '../tables.ts'
import { tables } from '../tables.ts'
import { databaseName, openedId, type WorkerData, type WorkerReply, type WorkerRequest } from './worker-protocol.ts'

/**
 * chdb's thread. Opening the folder and loading the library block, so they stay off the main thread; statements run on
 * libuv's pool and their bytes are handed over without a copy.
 *
 * One session a lane, each with settings and parameters of its own: chdb's `queryBindAsync` would put all parameterised
 * queries of the process in one row (two at once clobber each other's parameters), `SET param_…` on a session does not.
 */
const port = parentPort as MessagePort
const { dataPath, spoolPath, queryLanes, statementMemoryBytesMax, configFile } = workerData as WorkerData

let writer: Session
let readers: Session[] = []
let spooled = 0

try {
  await open()
  reply({ id: openedId, ok: true })
  port.on('message', (request: WorkerRequest) => void handle(request))
} catch (cause) {
  reply(failure(openedId, cause))
}

async function open(): Promise<void> {
  const { Session } = await import('chdb')
  const connect = () => new Session(dataPath, { connectionArgs: [`--config-file=${configFile}`] })
  writer = connect()
  const common = `SET session_timezone = 'UTC', max_memory_usage = ${statementMemoryBytesMax}`
  await writer.queryAsync(`CREATE DATABASE IF NOT EXISTS ${databaseName} ENGINE = Atomic`)
  await writer.queryAsync(`USE ${databaseName}`)
  await writer.queryAsync(common)
  for (let lane = 0; lane < queryLanes; lane++) {
    const reader = connect()
    readers.push(reader)
    await reader.queryAsync(`USE ${databaseName}`)
    await reader.queryAsync(
      `${common}, output_format_json_quote_64bit_integers = 1, output_format_json_array_of_rows = 1`,
    )
    // Last, because it forbids itself to be changed: no writes, no DDL, settings per query still allowed.
    await reader.queryAsync('SET readonly = 2')
  }
}

async function handle(request: WorkerRequest): Promise<void> {
  try {
    reply({ id: request.id, ok: true, ...(await run(request)) })
  } catch (cause) {
    reply(failure(request.id, cause))
  }
}

async function run(request: WorkerRequest): Promise<{ bytes?: Uint8Array }> {
  switch (request.kind) {
    case 'insert':
      await insert(request)
      return {}
    case 'command':
      return { bytes: bytesOf(await writer.queryAsync(request.sql, { format: 'JSONEachRow' })) }
    case 'query': {
      const reader = readers[request.lane]
      if (!reader) throw new Error(`there is no lane ${request.lane}`)
      await reader.queryAsync(request.settings)
      return { bytes: bytesOf(await reader.queryAsync(request.sql, { format: 'JSONEachRow' })) }
    }
    case 'stop': {
      const { drainPending } = await import('chdb')
      await drainPending()
      for (const session of [...readers, writer]) session.close()
      readers = []
      return {}
    }
  }
}

/**
 * chdb's client hook turns every body into UTF-8 text, so Arrow goes through a file; the page cache makes it a copy in
 * memory. Columns and types stand in the statement, so that a block of another shape is an error and never a guess.
 */
async function insert(request: WorkerRequest & { kind: 'insert' }): Promise<void> {
  const types: Readonly<Record<string, ColumnType>> = tables[request.table as TableName]
  const names = request.columns.join(', ')
  const structure = request.columns.map(name => `${name} ${types[name]}`).join(', ')
  const spool = join(spoolPath, `${spooled++}.arrow`)
  const settings = settingsText({
    ...insertSettings,
    // Refuses to run rather than to run without deduplication.
    deduplicate_insert_select: 'force_enable',
    insert_deduplication_token: request.token,
    max_execution_time: request.timeoutMs / 1000,
  })
  try {
    writeFileSync(spool, request.bytes)
    await writer.queryAsync(
      `INSERT INTO ${request.table} (${names}) SETTINGS ${settings} ` +
        `SELECT ${names} FROM file('${spool.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}', 'ArrowStream', '${structure}')`,
    )
  } finally {
    rmSync(spool, { force: true })
  }
}

function bytesOf(result: { bytes(): Uint8Array }): Uint8Array {
  return result.bytes()
}

function reply(message: WorkerReply): void {
  const bytes = message.ok ? message.bytes : undefined
  // A view into a shared pool cannot be transferred; those are small and are copied.
  const whole = bytes && bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength
  port.postMessage(message, whole ? [bytes.buffer as ArrayBuffer] : [])
}

function failure(id: number, cause: unknown): WorkerReply {
  const error = cause as { message?: string; clickhouseCode?: number }
  return {
    id,
    ok: false,
    message: error.message ?? String(cause),
    ...(error.clickhouseCode === undefined ? {} : { clickhouseCode: error.clickhouseCode }),
  }
}
