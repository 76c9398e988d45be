import { createHash } from 'node:crypto'
import type { Shown } from '../live/history-seeder.ts'
import type { LiveState } from '../live/live-state.ts'
import { tilesOf } from '../live/tiles.ts'
import { inScope, type Scope, scopeKey } from '../principal.ts'
import type { DeltaRing } from './delta-ring.ts'
import type { Session } from './session.ts'
import { type Encoding, SharedMessage } from './shared-message.ts'
import { TileBoard } from './tile-board.ts'

/** A snapshot serves every client that comes within this time: a reconnect storm costs one. */
const snapshotLifeMs = 1_000

export interface Snapshot {
  message: SharedMessage
  offset: number
  tileVersion: number
  atMs: number
}

/** The clients of one scope and what they share: tiles, snapshot and encoded batches of deltas. */
export class StreamGroup {
  readonly scope: Scope
  readonly streamId: string
  readonly board = new TileBoard()
  readonly sessions = new Set<Session>()
  readonly #ring: DeltaRing
  readonly #batches = new Map<string, Buffer>()
  #batchesUpTo = 0
  #snapshot: Snapshot | undefined

  /**
   * The stream id names the scope too, so that an offset from another scope cannot resume here: it would leave out
   * what only this scope shows.
   */
  constructor(scope: Scope, incarnation: string, ring: DeltaRing) {
    this.scope = scope
    this.streamId = `${incarnation}-${createHash('sha256').update(scopeKey(scope)).digest('hex').slice(0, 16)}`
    this.#ring = ring
  }

  updateTiles(
    state: LiveState,
    worstMax: number,
    nowMs: number,
    onShown: ((interfaces: readonly Shown[]) => void) | undefined,
  ): void {
    this.board.update(tilesOf(state, this.scope, worstMax, nowMs, onShown))
  }

  snapshot(state: LiveState, nowMs: number): { snapshot: Snapshot; built: boolean } {
    const kept = this.#snapshot
    if (kept && nowMs - kept.atMs < snapshotLifeMs && this.#ring.covers(kept.offset)) {
      return { snapshot: kept, built: false }
    }
    const offset = this.#ring.last
    const alarms: string[] = []
    for (const alarm of state.alarms.values()) {
      if (inScope(this.scope, alarm.tenantId, alarm.siteId)) alarms.push(JSON.stringify(alarm))
    }
    const head = `{"type":"snapshot","streamId":${JSON.stringify(this.streamId)},"offset":${offset},"serverTimeMs":${nowMs}`
    const json = `${head},"alarms":[${alarms.join(',')}],"tiles":${this.board.all()}}`
    const snapshot = {
      message: new SharedMessage('snapshot', json, offset),
      offset,
      tileVersion: this.board.version,
      atMs: nowMs,
    }
    this.#snapshot = snapshot
    return { snapshot, built: true }
  }

  /** The deltas after `offset`, encoded in one buffer that all clients at that offset share; empty when none. */
  batchAfter(offset: number, encoding: Encoding): Buffer {
    if (this.#batchesUpTo !== this.#ring.last) {
      this.#batches.clear()
      this.#batchesUpTo = this.#ring.last
    }
    const key = `${encoding}/${offset}`
    let batch = this.#batches.get(key)
    if (!batch) {
      const chunks = [...this.#ring.after(offset, this.scope)].map(({ message }) =>
        message.encoded(encoding, this.streamId),
      )
      batch = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      // Clients at many offsets come together only in a storm of resumes; what is not kept is encoded again.
      if (this.#batches.size < 256) this.#batches.set(key, batch)
    }
    return batch
  }

  /** Encoded batches hold memory; they are of use only within one flush. */
  releaseBatches(): void {
    this.#batches.clear()
  }
}
