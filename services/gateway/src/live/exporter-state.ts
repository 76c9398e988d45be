import type { ExporterLive, FlowWindow } from '../../../../libs/model/src/index.ts'

const windowMs = 60_000
/** An exporter silent for this long has no rate any more; it is forgotten after an hour. */
const quietAfterMs = 300_000
const forgottenAfterMs = 3_600_000
const windowsKept = 8

interface Pane {
  startMs: number
  final: boolean
  octets: number
  packets: number
  records: number
}

export interface FlowRates {
  bitsPerSecond: number
  packetsPerSecond: number
  recordsPerSecond: number
}

const noRates: FlowRates = { bitsPerSecond: 0, packetsPerSecond: 0, recordsPerSecond: 0 }

/** One exporter's newest one-minute windows, and what the processor last said of its health. */
export class ExporterState {
  readonly tenantId: string
  readonly exporterId: string
  lastSeenMs = 0
  health: ExporterLive | undefined
  #panes: Pane[] = []

  constructor(tenantId: string, exporterId: string) {
    this.tenantId = tenantId
    this.exporterId = exporterId
  }

  /** @param stampMs stamp of the record that carried the window */
  apply(window: FlowWindow, stampMs: number): void {
    const startMs = Number(window.windowStartMs)
    const pane: Pane = {
      startMs,
      final: window.final,
      octets: Number(window.octets),
      packets: Number(window.packets),
      records: Number(window.records),
    }
    const index = this.#panes.findIndex(one => one.startMs === startMs)
    if (index >= 0) this.#panes[index] = pane
    else this.#panes.push(pane)
    this.#panes.sort((a, b) => b.startMs - a.startMs)
    this.#panes.length = Math.min(this.#panes.length, windowsKept)
    // A final pane comes when time has passed, a provisional one when flows came.
    if (window.final && this.health) return
    this.lastSeenMs = Math.max(this.lastSeenMs, window.final ? Math.min(stampMs, startMs + windowMs) : stampMs)
  }

  applyHealth(health: ExporterLive): void {
    this.health = health
    this.lastSeenMs = Number(health.lastSeenMs)
  }

  /**
   * Rates of the newest window that is complete: a final one, or, before the first of those, one that has ended.
   * A window still filling would show a fraction of the traffic as all of it.
   */
  rates(nowMs: number): FlowRates {
    if (nowMs - this.lastSeenMs > quietAfterMs) return noRates
    const pane =
      this.#panes.find(one => one.final) ?? this.#panes.find(one => one.startMs + windowMs <= nowMs) ?? this.#panes[0]
    if (!pane) return noRates
    const seconds = windowMs / 1_000
    return {
      bitsPerSecond: (pane.octets * 8) / seconds,
      packetsPerSecond: pane.packets / seconds,
      recordsPerSecond: pane.records / seconds,
    }
  }

  isForgotten(nowMs: number): boolean {
    return nowMs - this.lastSeenMs > forgottenAfterMs
  }
}
