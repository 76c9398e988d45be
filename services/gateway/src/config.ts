import { z } from 'zod'

const liveConfigSchema = z.strictObject({
  /** Pings go out at this interval; a client that says nothing for `pongDeadlineMs` is closed with 3012. */
  heartbeatMs: z.int().min(1_000).max(10_000).default(5_000),
  pongDeadlineMs: z.int().min(2_000).default(12_000),
  helloTimeoutMs: z.int().min(500).default(10_000),
  /** Open sockets and event streams; beyond it an upgrade is answered 503 with Retry-After. */
  connectionsMax: z.int().positive().default(2_000),
  /** Of one client address; beyond it the socket is closed with 3504. Raise it behind a reverse proxy. */
  connectionsPerAddressMax: z.int().positive().default(200),
  /** Above this many unsent bytes a connection gets no tiles until it has caught up. */
  conflateBytes: z
    .int()
    .positive()
    .default(64 * 1024),
  /** Above this many unsent bytes a connection is closed as slow (3008) and may resume. */
  queueBytesMax: z
    .int()
    .positive()
    .default(1024 * 1024),
  /** Client messages a second, over which the socket is closed with 4400. */
  messagesPerSecondMax: z.int().positive().default(20),
  /** Alarm deltas kept for resuming clients, by number and bytes. */
  historyEventsMax: z.int().positive().default(10_000),
  historyBytesMax: z
    .int()
    .positive()
    .default(32 * 1024 * 1024),
  /** Messages that arrive within this time leave in one write: the write is nine tenths of a delivery's cost. */
  coalesceMs: z.int().min(0).max(1_000).default(20),
  tileIntervalMs: z.int().min(100).default(1_000),
  /** Length of the list of the busiest interfaces. */
  worstInterfaces: z.int().min(1).max(200).default(24),
  /** Bounds of what is remembered; what does not fit is counted in weir_gateway_dropped_total. */
  devicesMax: z.int().positive().default(20_000),
  interfacesMax: z.int().positive().default(200_000),
  exportersMax: z.int().positive().default(20_000),
  probesMax: z.int().positive().default(20_000),
  alarmsMax: z.int().positive().default(50_000),
  templatesMax: z.int().positive().default(100_000),
})
export type LiveConfig = z.infer<typeof liveConfigSchema>

const queryConfigSchema = z.strictObject({
  /** Longest a query may run in the store. */
  timeoutMs: z.int().positive().default(15_000),
  /** Points or rows one answer may hold. */
  rowsMax: z.int().positive().default(20_000),
  /** Queries of history at once; more are answered 503 with Retry-After. */
  concurrentMax: z.int().positive().default(8),
})
export type QueryConfig = z.infer<typeof queryConfigSchema>

const prometheusConfigSchema = z.strictObject({
  /** Series on one page of /metrics; the rest is dropped and counted in weir_series_dropped_total. */
  seriesMax: z.int().positive().default(200_000),
})
export type PrometheusConfig = z.infer<typeof prometheusConfigSchema>

export const gatewayConfigSchema = z.strictObject({
  host: z.string().default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  /**
   * There is no authentication yet, so that the gateway refuses to listen off loopback. A container that publishes its
   * port on the host's loopback, or sits behind an authenticating proxy, may say so here.
   */
  unsafeListenWithoutAuthentication: z.boolean().default(false),
  /** Names (`noc.example.net` or `noc.example.net:8443`) beside loopback's under which browsers reach the gateway. */
  allowedHosts: z.array(z.string()).default([]),
  /** Pages allowed to frame the wall (CSP frame-ancestors), as for signage; none unless given. */
  frameAncestors: z.array(z.string().regex(/^[^\s;,]+$/, 'an origin such as https://signage.example.net')).default([]),
  live: liveConfigSchema.prefault({}),
  query: queryConfigSchema.prefault({}),
  prometheus: prometheusConfigSchema.prefault({}),
})
export type GatewayConfig = z.infer<typeof gatewayConfigSchema>
