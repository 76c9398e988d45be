import type { InterfaceTile } from '../../../../../libs/model/src/index.ts'
import { type Freshness, interfaceFreshness } from './freshness.ts'
import { type Place, type SiteNames, siteWords } from './place.ts'
import { inertText, shortPortName } from './text.ts'
import { bitRate, percent } from './units.ts'

/** A link as the wall shows it: how full it is, and the hour behind that. */
export interface LinkRow {
  key: string
  where: Place
  alias: string
  figure: string
  /** `in` or `out`: the fuller direction. */
  direction: string
  rate: string
  level: 'normal' | 'high' | 'full'
  down: boolean
  impossible: boolean
  freshness: Freshness
  /** Shares of the speed, 60 one-minute points at most, oldest first, null where nothing was observed. */
  history: readonly (number | null)[]
}

/** The eye's thresholds, not the detectors': where a number begins to be worth a colour. */
const highShare = 0.8
const fullShare = 0.95
const pointsMax = 60
/** ifOperStatus (RFC 2863): only 1 is up; 0 where the poll did not say. */
const operUp = 1

export function linkRows(tiles: readonly InterfaceTile[], names: SiteNames, rowsMax: number, nowMs: number): LinkRow[] {
  return tiles.slice(0, rowsMax).map(tile => linkRow(tile, names, nowMs))
}

const spansMinutes = [5, 15, 30]

/** One span for all links shown: the shortest round one that holds what was observed of any of them. */
export function linkSpanMinutes(links: readonly LinkRow[]): number {
  const seen = Math.max(
    0,
    ...links.map(({ history }) => {
      const first = history.findIndex(point => point !== null)
      return first < 0 ? 0 : history.length - first
    }),
  )
  return spansMinutes.find(minutes => seen <= minutes) ?? pointsMax
}

/** The last `minutes` of a history; what lies before its beginning is a gap. */
export function lastMinutes(history: LinkRow['history'], minutes: number): LinkRow['history'] {
  const last = history.slice(-minutes)
  return [...Array.from({ length: minutes - last.length }, () => null), ...last]
}

function linkRow(tile: InterfaceTile, names: SiteNames, nowMs: number): LinkRow {
  const inward = (tile.utilisationIn ?? -1) >= (tile.utilisationOut ?? -1)
  const share = inward ? tile.utilisationIn : tile.utilisationOut
  const bits = inward ? tile.inBitsPerSecond : tile.outBitsPerSecond
  const { figure, unit, impossible } = percent(share)
  const rate = bitRate(bits)
  const site = names(tile.tenantId, tile.siteId)
  const tenant = inertText(site?.tenantName || tile.tenantId)
  return {
    key: tile.interfaceId,
    where: {
      tenant,
      site: siteWords(tenant, inertText(site?.siteName || tile.siteId)),
      device: inertText(tile.deviceId),
      part: shortPortName(inertText(tile.ifName)),
      onlySite: site?.onlySite ?? false,
    },
    alias: inertText(tile.ifAlias, 120),
    figure: `${figure} ${unit}`,
    direction: inward ? 'in' : 'out',
    rate: `${rate.figure} ${rate.unit}`,
    level: share !== null && share >= fullShare ? 'full' : share !== null && share >= highShare ? 'high' : 'normal',
    down: tile.operStatus > operUp,
    impossible,
    freshness: interfaceFreshness(tile, nowMs),
    history: tile.history.slice(-pointsMax),
  }
}
