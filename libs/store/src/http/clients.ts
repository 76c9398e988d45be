import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { HttpStoreConfig, StoreUser } from '../store-config.ts'

/** One client a role: each holds its own credentials and its own sockets. */
export interface Clients {
  writer: ClickHouseClient
  reader: ClickHouseClient
  close(): Promise<void>
}

export interface ClientTimeouts {
  /** Ends requests that the server's own limits did not end. */
  requestTimeoutMs: number
}

export function openClients(config: HttpStoreConfig, timeouts: ClientTimeouts): Clients {
  const writer = openClient(config, config.users.writer, timeouts, config.insertsAtOnce)
  const reader = openClient(config, config.users.reader, timeouts, config.queriesAtOnce)
  return {
    writer,
    reader,
    async close() {
      await Promise.all([writer.close(), reader.close()])
    },
  }
}

/** @param database undefined before it exists */
export function openClient(
  config: HttpStoreConfig,
  user: StoreUser,
  timeouts: ClientTimeouts,
  connections: number,
  database: string | undefined = config.database,
): ClickHouseClient {
  return createClient({
    url: config.url,
    username: user.username,
    password: user.password,
    ...(database === undefined ? {} : { database }),
    application: 'weir',
    request_timeout: timeouts.requestTimeoutMs,
    max_open_connections: connections,
    // A list of a thousand values would not fit a URL.
    use_multipart_params_auto: true,
    // Failures are ours to log, once, with the store's own code.
    log: { level: ClickHouseLogLevel.OFF },
    ...tlsOf(config, user, connections),
  })
}

/**
 * A client certificate names the user when there is no password, which is ClickHouse's certificate authentication; with
 * one it only opens the door, so the agent is ours: the client would claim certificate authentication.
 */
function tlsOf({ tls }: HttpStoreConfig, user: StoreUser, connections: number) {
  if (!tls) return {}
  const ca_cert = readFileSync(tls.authorityFile)
  if (!tls.certificateFile || !tls.keyFile) return { tls: { ca_cert } }
  const own = { cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) }
  if (user.password === '') return { tls: { ca_cert, ...own } }
  return { http_agent: new Agent({ ca: ca_cert, ...own, keepAlive: true, maxSockets: connections }) }
}
