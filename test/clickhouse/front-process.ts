import { mkdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Session } from 'chdb'
import { exceptionNumber } from '../../libs/store/src/clickhouse-errors.ts'
import { repairTokenLogs } from '../../libs/store/src/embedded/token-log-repair.ts'
import { quoted, settingsText } from '../../libs/store/src/settings.ts'

/**
 * ClickHouse's HTTP interface over chdb, for tests only: the real client talks to the real engine where no server can be
 * had. One process, so that it can be killed like a server. Run from dist: `node front-process.js <folder> <port> <users>`;
 * says `listening <port>` on stdout.
 *
 * A request is a session of its own, as on a server: its URL's settings and parameters end with it.
 */
const [folder, port, usersJson] = process.argv.slice(2)

/** What a user may do, by the first word of a statement. */
type Right = 'all' | 'read' | 'write'
const users = JSON.parse(usersJson ?? '{}') as Record<string, { password: string; right: Right }>

class HttpError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(`Code: ${code}. DB::Exception: ${message}`)
    this.code = code
  }
}

const dataPath = join(folder!, 'chdb')
const spoolPath = join(folder!, 'spool')
rmSync(spoolPath, { recursive: true, force: true })
mkdirSync(spoolPath, { recursive: true })
// Stands in for Replicated engines, which lose no token.
repairTokenLogs(dataPath)
const keeper = new Session(dataPath)
let spooled = 0

const server = createServer((request, response) => void handle(request, response))
server.listen(Number(port), '127.0.0.1', () => {
  writeSync(1, `listening ${(server.address() as AddressInfo).port}\n`)
})
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  keeper.close()
  process.exit(0)
})

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  try {
    const body = await wholeBody(request)
    // A server never runs half an upload; neither may this.
    if (!body) return
    response.end(await run(request, url.searchParams, body))
  } catch (cause) {
    const message = (cause as Error).message
    const code = exceptionNumber(message) ?? 1001
    response.writeHead(code === 516 ? 403 : 500, { 'X-ClickHouse-Exception-Code': String(code) })
    response.end(message)
  }
}

async function wholeBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  return request.complete ? Buffer.concat(chunks) : undefined
}

async function run(request: IncomingMessage, url: URLSearchParams, body: Buffer): Promise<Uint8Array | string> {
  const form = await formOf(request, body)
  const queryInUrl = url.get('query')
  const sql = (queryInUrl ?? form?.get('query') ?? body.toString('utf8')).trim()
  const data = queryInUrl !== null && !form ? body : Buffer.alloc(0)
  authorise(request, sql)
  const session = new Session(dataPath)
  try {
    await session.queryAsync(`USE ${url.get('database') ?? 'default'}`)
    const settings = settingsOf(url, form)
    if (settings !== '') await session.queryAsync(`SET ${settings}`)
    if (data.length > 0) return await insertBody(session, sql, data)
    return (await session.queryAsync(sql, { format: 'TabSeparated' })).bytes()
  } finally {
    session.close()
  }
}

async function formOf(request: IncomingMessage, body: Buffer): Promise<Map<string, string> | undefined> {
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('multipart/form-data')) return undefined
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  return new Map([...form].map(([name, value]) => [name, String(value)]))
}

/** Parameters of the URL that are the HTTP interface's own and no settings. */
const notSettings = new Set([
  'query',
  'query_id',
  'database',
  'wait_end_of_query',
  'user',
  'password',
  'default_format',
])

function settingsOf(url: URLSearchParams, form: Map<string, string> | undefined): string {
  const settings = [...url].filter(([name]) => !notSettings.has(name) && !name.startsWith('http_'))
  const params = [...(form ?? [])].filter(([name]) => name.startsWith('param_'))
  return settingsText(Object.fromEntries([...settings, ...params]))
}

/** `INSERT INTO t (columns) FORMAT X` with a body: through a file, read as the table's own types, as a server reads it. */
async function insertBody(session: Session, sql: string, data: Buffer): Promise<string> {
  const match = /^INSERT INTO (\w+) \(([^)]*)\)\s+FORMAT (\w+)$/.exec(sql)
  if (!match) throw new HttpError(48, `this front knows INSERT INTO t (columns) FORMAT X only, not: ${sql}`)
  const [, table, columns, format] = match
  const described = await session.queryAsync(`DESCRIBE TABLE ${table}`, { format: 'JSONEachRow' })
  const types = new Map(
    described
      .text()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { name: string; type: string })
      .map(({ name, type }) => [name, type.replace(/^SimpleAggregateFunction\(\w+, (.*)\)$/, '$1')]),
  )
  const names = columns!.split(',').map(name => name.trim())
  const structure = names.map(name => `${name} ${types.get(name)}`).join(', ')
  const file = join(spoolPath, `${spooled++}.${format}`)
  try {
    writeFileSync(file, data)
    await session.queryAsync(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM file(${quoted(file)}, '${format}', ${quoted(structure)})`,
    )
    return ''
  } finally {
    rmSync(file, { force: true })
  }
}

function authorise(request: IncomingMessage, sql: string): void {
  const [kind, encoded] = (request.headers.authorization ?? '').split(' ')
  const [name = '', password] =
    kind === 'Basic'
      ? Buffer.from(encoded ?? '', 'base64')
          .toString('utf8')
          .split(':')
      : ['default', '']
  const user = users[name]
  if (!user || user.password !== password) {
    throw new HttpError(
      516,
      `${name}: Authentication failed: password is incorrect, or there is no such user. (AUTHENTICATION_FAILED)`,
    )
  }
  const writes = /^\s*INSERT\b/i.test(sql)
  const reads = /^\s*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN)\b/i.test(sql)
  if (user.right === 'all' || (user.right === 'read' && reads) || (user.right === 'write' && writes)) return
  throw new HttpError(497, `${name}: Not enough privileges. (ACCESS_DENIED)`)
}
