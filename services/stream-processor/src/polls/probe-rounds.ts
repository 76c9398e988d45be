import {
  type DetectConfig,
  type DetectedCondition,
  detectProbe,
  endProbe,
  type ProbeDetectState,
} from '../../../../libs/detect/src/index.ts'
import type { ProbeRound, Reach } from '../../../../libs/model/src/index.ts'
import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import { type ProbeWindowRow, probeFigures, probeRows } from '../../../../libs/stream/src/index.ts'
import type { LiveBody } from '../derived-records.ts'
import { columnsOf, type Row } from '../rows-to-columns.ts'

/** Probes of one partition that are remembered at most; the inventory is the real bound. */
const probesMax = 50_000

/** Plain JSON, a state piece a probe. */
interface ProbeState {
  tenantId: string
  detect: ProbeDetectState
  sentTotal: number
  lostTotal: number
}

export interface ProbeConditions {
  tenantId: string
  deviceId: string
  siteId: string
  conditions: readonly DetectedCondition[]
}

/** Rounds of active probes of one partition: rollups, what is live of them, and what detectors say. */
export class ProbeRounds {
  readonly #states = new Map<string, ProbeState>()
  readonly #changed = new Set<string>()
  #rows: Row[] = []
  refused = 0

  restore(key: string, state: string): void {
    this.#states.set(key, JSON.parse(state) as ProbeState)
  }

  /** A round as it came; undefined of one that is older than the last. */
  take(key: string, tenantId: string, round: ProbeRound, config: DetectConfig): ProbeConditions | undefined {
    const before = this.#states.get(key)
    if (!before && this.#states.size >= probesMax) {
      this.refused++
      return undefined
    }
    const { probeId, siteId, deviceId, kind, target, rttUs, error, sight } = round
    const atMs = Number(round.startedMs)
    if (before && atMs <= before.detect.lastMs) return undefined
    const { state, conditions } = detectProbe(
      before?.detect,
      {
        ...{ probeId, siteId, deviceId, kind, target, atMs, rttUs, error },
        sight: sight && { ...sight, heardMs: Number(sight.heardMs) },
      },
      config,
    )
    const { sent, lost } = probeFigures(rttUs)
    this.#states.set(key, {
      tenantId,
      detect: state,
      sentTotal: (before?.sentTotal ?? 0) + sent,
      lostTotal: (before?.lostTotal ?? 0) + lost,
    })
    this.#changed.add(key)
    this.#add(tenantId, probeRows(probeId, siteId, atMs, rttUs))
    return { tenantId, deviceId, siteId, conditions }
  }

  /** Echo requests that a polled device's host was sent: history of the same form, under `device/<id>`. */
  reach(tenantId: string, siteId: string, deviceId: string, atMs: number, { method, sent, rttUs }: Reach): void {
    if (method !== 'icmp') return
    const lost = new Array<number>(Math.max(0, sent - rttUs.length)).fill(0)
    // Ten seconds apart: their differences are no jitter.
    this.#add(tenantId, probeRows(`device/${deviceId}`, siteId, atMs, [...rttUs, ...lost], false))
  }

  /** What is live of the round that was taken last. */
  live(key: string, round: ProbeRound): LiveBody {
    const { probeId, siteId, deviceId, kind, target, startedMs, intervalMs, error } = round
    const figures = probeFigures(round.rttUs)
    const totals = this.#states.get(key)
    const ms = (us: number | null): number | undefined => (us === null ? undefined : us / 1_000)
    const value = {
      ...{ probeId, siteId, deviceId, kind, target, startedMs, intervalMs, error },
      sent: figures.sent,
      lost: figures.lost,
      ...optional('rttMinMs', ms(figures.rttMinUs)),
      ...optional('rttMeanMs', ms(figures.rttMeanUs)),
      ...optional('rttMaxMs', ms(figures.rttMaxUs)),
      ...optional('jitterMs', ms(figures.jitterUs)),
      sentTotal: BigInt(totals?.sentTotal ?? 0),
      lostTotal: BigInt(totals?.lostTotal ?? 0),
    }
    return { case: 'probe', value }
  }

  /** Probes that are no longer configured end what was said of them. */
  forgetExcept(configured: ReadonlySet<string>, atMs: number): ProbeConditions[] {
    const ended: ProbeConditions[] = []
    for (const [key, { tenantId, detect }] of [...this.#states].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (configured.has(key)) continue
      const { deviceId, siteId } = detect
      ended.push({ tenantId, deviceId, siteId, conditions: endProbe(probeIdOf(key), detect, atMs) })
      this.#states.delete(key)
      this.#changed.add(key)
    }
    return ended
  }

  takeRows(): ColumnBlock {
    const rows = columnsOf(this.#rows)
    this.#rows = []
    return rows
  }

  takeChanged(): Map<string, string> {
    const states = new Map<string, string>()
    for (const key of this.#changed) {
      const state = this.#states.get(key)
      states.set(key, state ? JSON.stringify(state) : '')
    }
    this.#changed.clear()
    return states
  }

  #add(tenantId: string, rows: readonly ProbeWindowRow[]): void {
    for (const row of rows) this.#rows.push({ tenant_id: tenantId, ...row })
  }
}

/** Of `tenant/probe/<id>`. */
function probeIdOf(key: string): string {
  return key.slice(key.indexOf('/probe/') + '/probe/'.length)
}

function optional<Name extends string>(name: Name, value: number | undefined): Partial<Record<Name, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, number>)
}
