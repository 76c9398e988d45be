import { z } from 'zod'
import { alarmSchema } from './alarm.ts'

/**
 * WebSocket `/api/v1/live`, subprotocol `weir.v1.json`. The client sends `hello`; the server answers `welcome` and one
 * `snapshot` (or, on a resume that history covers, nothing but the missed deltas), then deltas. `offset` grows by one
 * with each alarm delta of a stream (an incarnation of the gateway); tiles carry the latest value only and no offset.
 */
export const liveSubprotocol = 'weir.v1.json'

const ms = z.number()
const rate = z.number().nullable()

export const interfaceTileSchema = z.object({
  tenantId: z.string(),
  siteId: z.string(),
  deviceId: z.string(),
  interfaceId: z.string(),
  ifName: z.string(),
  ifAlias: z.string(),
  ifIndex: z.int(),
  speedBitsPerSecond: z.number().nullable(),
  inBitsPerSecond: rate,
  outBitsPerSecond: rate,
  utilisationIn: rate,
  utilisationOut: rate,
  adminStatus: z.int(),
  operStatus: z.int(),
  /** Time of the poll, and the interval of polls: older than twice the interval is stale. */
  asOfMs: ms,
  intervalMs: z.number(),
  /** Larger of both directions' utilisation by minute, oldest first, `null` where nothing was observed; 60 at most. */
  history: z.array(z.number().nullable()),
})
export type InterfaceTile = z.infer<typeof interfaceTileSchema>

export const siteTileSchema = z.object({
  tenantId: z.string(),
  tenantName: z.string(),
  siteId: z.string(),
  siteName: z.string(),
  devices: z.int(),
  devicesReachable: z.int(),
  devicesStale: z.int(),
  /** Open alarms by severity. */
  alarms: z.object({ warning: z.int(), minor: z.int(), major: z.int(), critical: z.int() }),
  inBitsPerSecond: z.number(),
  outBitsPerSecond: z.number(),
  /** The oldest and newest poll among the site's devices; null before the first. */
  oldestPollMs: ms.nullable(),
  newestPollMs: ms.nullable(),
  /** The longest poll interval among its devices. */
  intervalMs: z.number(),
})
export type SiteTile = z.infer<typeof siteTileSchema>

/** The wall's summary line; every number with the time it was true. */
export const overviewTileSchema = z.object({
  asOfMs: ms,
  devices: z.int(),
  devicesReachable: z.int(),
  devicesStale: z.int(),
  /** Of those that did not answer their last poll: neither their host, or their host only. */
  devicesDown: z.int().optional(),
  devicesSnmpFailing: z.int().optional(),
  interfaces: z.int(),
  exporters: z.int(),
  /** Sources that are not stored until somebody adopts them. */
  exportersWaiting: z.int().optional(),
  /** Arrival of the newest flow window over all exporters; null before the first. */
  lastFlowMs: ms.nullable(),
  flowRecordsPerSecond: z.number(),
  flowBitsPerSecond: z.number(),
  /** From the stamp of the newest poll or flow record to its arrival at the gateway. */
  pipelineLagMs: z.number(),
})
export type OverviewTile = z.infer<typeof overviewTileSchema>

export const exporterTileSchema = z.object({
  tenantId: z.string(),
  exporterId: z.string(),
  bitsPerSecond: z.number(),
  packetsPerSecond: z.number(),
  recordsPerSecond: z.number(),
  lastSeenMs: ms,
})
export type ExporterTile = z.infer<typeof exporterTileSchema>

/** A snapshot has every part; later messages have what changed, and a part that is absent stays as it was. */
export const tilesSchema = z.object({
  overview: overviewTileSchema.optional(),
  /** Those that changed: they replace the ones of the same tenantId and siteId. */
  sites: z.array(siteTileSchema).optional(),
  /** The busiest interfaces by utilisation, worst first, bounded; replaces the list before. */
  worstInterfaces: z.array(interfaceTileSchema).optional(),
  /** Those that changed: they replace the ones of the same exporterId. One that is silent for an hour is sent no more. */
  exporters: z.array(exporterTileSchema).optional(),
})
export type Tiles = z.infer<typeof tilesSchema>

export const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    tenant: z.string().max(128).optional(),
    site: z.string().max(128).optional(),
    /** Give both to resume; the server answers with the missed deltas or, when it cannot, a whole snapshot. */
    streamId: z.string().max(64).optional(),
    offset: z.int().nonnegative().optional(),
  }),
  z.strictObject({ type: z.literal('pong'), at: z.number() }),
])
export type ClientMessage = z.infer<typeof clientMessageSchema>

export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    streamId: z.string(),
    offset: z.int(),
    serverTimeMs: ms,
    buildId: z.string(),
    heartbeatMs: z.number(),
    /** Resumed: deltas after the client's offset follow and no snapshot. Otherwise a snapshot follows. */
    resumed: z.boolean(),
    /** Why a wished resume was not possible; the wall says "reloaded". */
    resumeRefused: z.string().optional(),
  }),
  z.object({
    type: z.literal('snapshot'),
    streamId: z.string(),
    offset: z.int(),
    serverTimeMs: ms,
    /** Alarms that are not cleared, and those cleared within the last hour. */
    alarms: z.array(alarmSchema),
    tiles: tilesSchema,
  }),
  z.object({ type: z.literal('alarm'), offset: z.int(), serverTimeMs: ms, alarm: alarmSchema }),
  z.object({ type: z.literal('tiles'), serverTimeMs: ms, tiles: tilesSchema }),
  z.object({
    type: z.literal('ping'),
    at: z.number(),
    serverTimeMs: ms,
    /** Everything of the stream up to here has been sent: the offset to resume from, also where deltas were not for this client. */
    offset: z.int().optional(),
  }),
  z.object({ type: z.literal('bye'), retryAfterMs: z.number(), reason: z.string() }),
])
export type ServerMessage = z.infer<typeof serverMessageSchema>

/** WebSocket close codes; 3000-3499 may reconnect, 3500 and above must not, 44xx say what the client did wrong. */
export const liveCloseCodes = {
  shutdown: 3001,
  slow: 3008,
  noPong: 3012,
  tooManyConnections: 3504,
  badMessage: 4400,
  forbidden: 4403,
  helloTimeout: 4408,
  tooManyHellos: 4429,
} as const
