import type {
  Alarm,
  ExporterTile,
  InterfaceTile,
  OverviewTile,
  ServerMessage,
  SiteTile,
  Tiles,
} from '../../../../../libs/model/src/index.ts'
import { createFlaps, type Flaps } from './flaps.ts'
import { siteKey } from './place.ts'
import { createTrend, type Trend } from './trend.ts'

export interface WallStore {
  /** Folds one message in; `nowMs` is the server's time as the screen knows it. */
  apply(message: ServerMessage, nowMs: number): void
  /** Drops what is too old to be shown; call about once a minute. */
  forgetOld(nowMs: number): void
  readonly alarms: ReadonlyMap<string, Alarm>
  readonly sites: ReadonlyMap<string, SiteTile>
  readonly exporters: ReadonlyMap<string, ExporterTile>
  readonly flaps: Flaps
  readonly flowTrend: Trend
  readonly lagTrend: Trend
  worstInterfaces(): readonly InterfaceTile[]
  overview(): OverviewTile | null
  /** Stamp in the network to arrival on this screen, as of the last overview. */
  lagMs(): number | null
  heartbeatMs(): number
  /** Build of the gateway that this page came from, and the one that runs now. */
  builds(): { first: string; current: string } | null
  snapshots(): number
  /** Said after a resume that was not possible; the page shows it for a while. */
  notice(): { text: string; atMs: number } | null
  /** Rows given up because a bound was reached. */
  overflow(): number
}

const alarmsMax = 5_000
const sitesMax = 2_000
const exportersMax = 2_000
const clearedKeptMs = 3_600_000
/** Ranks change at most this often: a list that reshuffles each second cannot be read. */
const reorderMs = 15_000

export function createWallStore(): WallStore {
  const alarms = new Map<string, Alarm>()
  const sites = new Map<string, SiteTile>()
  const exporters = new Map<string, ExporterTile>()
  const flaps = createFlaps()
  const flowTrend = createTrend()
  const lagTrend = createTrend()
  let worst: InterfaceTile[] = []
  let reorderedMs = Number.NEGATIVE_INFINITY
  let overview: OverviewTile | null = null
  let lagMs: number | null = null
  let heartbeatMs = 10_000
  let builds: { first: string; current: string } | null = null
  let stream: { id: string; offset: number } | null = null
  let snapshots = 0
  let notice: { text: string; atMs: number } | null = null
  let overflow = 0

  function put<T>(map: Map<string, T>, key: string, value: T, most: number): void {
    if (!map.has(key) && map.size >= most) overflow++
    else map.set(key, value)
  }

  function putAlarm(alarm: Alarm, nowMs: number): void {
    const before = alarms.get(alarm.alarmId)
    // At least once, in any order after a resume: an older revision never replaces a newer one.
    if (before && alarm.rev < before.rev) return
    flaps.observe(before, alarm, nowMs)
    if (!before && alarms.size >= alarmsMax) makeRoom(alarms)
    put(alarms, alarm.alarmId, alarm, alarmsMax)
  }

  function takeTiles(tiles: Tiles, nowMs: number): void {
    for (const site of tiles.sites ?? []) put(sites, siteKey(site.tenantId, site.siteId), site, sitesMax)
    for (const exporter of tiles.exporters ?? []) put(exporters, exporter.exporterId, exporter, exportersMax)
    if (tiles.worstInterfaces) {
      const reorder = nowMs - reorderedMs >= reorderMs
      if (reorder) reorderedMs = nowMs
      worst = reorder ? tiles.worstInterfaces : inOrderOf(worst, tiles.worstInterfaces)
    }
    if (tiles.overview && tiles.overview.asOfMs >= (overview?.asOfMs ?? 0)) {
      overview = tiles.overview
      lagMs = overview.pipelineLagMs + Math.max(0, nowMs - overview.asOfMs)
      flowTrend.add(overview.flowBitsPerSecond, nowMs)
      lagTrend.add(lagMs, nowMs)
    }
  }

  return {
    apply(message, nowMs) {
      switch (message.type) {
        case 'welcome':
          heartbeatMs = message.heartbeatMs
          builds = { first: builds?.first ?? message.buildId, current: message.buildId }
          break
        case 'snapshot':
          notice = stream ? { text: missed(stream, message), atMs: nowMs } : notice
          stream = { id: message.streamId, offset: message.offset }
          snapshots++
          for (const map of [alarms, sites, exporters]) map.clear()
          reorderedMs = Number.NEGATIVE_INFINITY
          for (const alarm of message.alarms) putAlarm(alarm, nowMs)
          // A restarted gateway may be behind its predecessor's clock; its overview counts all the same.
          overview = message.tiles.overview ? null : overview
          takeTiles(message.tiles, nowMs)
          break
        case 'alarm':
          if (stream) stream = { ...stream, offset: message.offset }
          putAlarm(message.alarm, nowMs)
          break
        case 'tiles':
          takeTiles(message.tiles, nowMs)
          break
        default:
      }
    },
    forgetOld(nowMs) {
      for (const alarm of alarms.values()) {
        if (alarm.isCleared && nowMs - Date.parse(alarm.clearedAt ?? alarm.changedAt) > clearedKeptMs) {
          alarms.delete(alarm.alarmId)
        }
      }
      flaps.forgetOld(nowMs)
    },
    alarms,
    sites,
    exporters,
    flaps,
    flowTrend,
    lagTrend,
    worstInterfaces: () => worst,
    overview: () => overview,
    lagMs: () => lagMs,
    heartbeatMs: () => heartbeatMs,
    builds: () => builds,
    snapshots: () => snapshots,
    notice: () => notice,
    overflow: () => overflow,
  }
}

function missed(before: { id: string; offset: number }, now: { streamId: string; offset: number }): string {
  if (before.id !== now.streamId) return 'gateway restarted, reloaded'
  const count = Math.max(0, now.offset - before.offset)
  return count === 1 ? '1 event missed, reloaded' : `${count} events missed, reloaded`
}

/** Those shown before keep their places, with new values; the others follow in the order given. */
function inOrderOf(before: readonly InterfaceTile[], now: readonly InterfaceTile[]): InterfaceTile[] {
  const places = new Map(before.map((tile, index) => [tile.interfaceId, index]))
  const place = (tile: InterfaceTile) => places.get(tile.interfaceId) ?? before.length
  return now.toSorted((a, b) => place(a) - place(b))
}

/** Over the bound a cleared alarm goes first: what is open matters more. */
function makeRoom(alarms: Map<string, Alarm>): void {
  for (const alarm of alarms.values()) {
    if (!alarm.isCleared) continue
    alarms.delete(alarm.alarmId)
    return
  }
}
