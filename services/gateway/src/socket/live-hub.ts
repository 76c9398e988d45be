import { randomUUID } from 'node:crypto'
import { type Clock, every, type Random, type Timer } from '../../../../libs/kernel/src/index.ts'
import { type Alarm, liveCloseCodes } from '../../../../libs/model/src/index.ts'
import type { LiveConfig } from '../config.ts'
import type { Shown } from '../live/history-seeder.ts'
import type { LiveState } from '../live/live-state.ts'
import { inScope, type Principal, type Scope, scopeKey, scopeOf } from '../principal.ts'
import { LiveCounters } from './counters.ts'
import { DeltaRing } from './delta-ring.ts'
import { type Hello, Session } from './session.ts'
import { SharedMessage } from './shared-message.ts'
import { StreamGroup } from './stream-group.ts'
import type { LiveTransport } from './transport.ts'

/** Clients of a gateway that goes away come back spread over this time. */
const returnSpreadMs = 5_000

export interface LiveHubOptions {
  state: LiveState
  config: LiveConfig
  clock: Clock
  random: Random
  buildId: string
  /** Is told once a second which interfaces are on screens. */
  onShown?: (interfaces: readonly Shown[]) => void
}

/**
 * Fans alarms and tiles out. Alarm deltas get an offset, go into the history and to every client of their scope; what
 * comes within `coalesceMs` leaves in one write a client. Tiles are computed once a second for each scope in use.
 */
export class LiveHub {
  readonly counters = new LiveCounters()
  readonly #options: LiveHubOptions
  readonly #incarnation = randomUUID()
  readonly #ring: DeltaRing
  readonly #groups = new Map<string, StreamGroup>()
  readonly #sessions = new Set<Session>()
  #ticker: Timer | undefined
  #flushTimer: Timer | undefined
  #stopping = false

  constructor(options: LiveHubOptions) {
    this.#options = options
    this.#ring = new DeltaRing({ eventsMax: options.config.historyEventsMax, bytesMax: options.config.historyBytesMax })
  }

  get historyBytes(): number {
    return this.#ring.bytes
  }

  get queuedBytes(): number {
    let bytes = 0
    for (const session of this.#sessions) bytes += session.transport.bufferedBytes
    return bytes
  }

  start(): void {
    const { clock, config } = this.#options
    this.#ticker = every(clock, config.tileIntervalMs, () => this.#tick())
  }

  /** Says goodbye to all and gives them a moment to hear it. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#ticker?.cancel()
    this.#flushTimer?.cancel()
    this.#flush(false)
    const { clock, random } = this.#options
    for (const session of this.#sessions) {
      const retryAfterMs = 500 + Math.round(random() * returnSpreadMs)
      if (!session.closing) session.send(SharedMessage.of({ type: 'bye', retryAfterMs, reason: 'shutdown' }))
      session.close(liveCloseCodes.shutdown, 'shutdown', clock.monotonicMs())
    }
    for (let waitedMs = 0; this.#sessions.size > 0 && waitedMs < 1_000; waitedMs += 20) {
      await new Promise<void>(resolve => clock.after(20, resolve))
    }
    for (const session of this.#sessions) session.transport.destroy()
  }

  publish(alarm: Alarm): void {
    const { clock, config } = this.#options
    this.#ring.append(alarm, clock.nowMs())
    if (this.#sessions.size === 0) return
    this.#flushTimer ??= clock.after(config.coalesceMs, () => this.#flush(false))
  }

  /** Takes a client in; it has to say hello next. The caller hands on what it says and when it is gone. */
  open(transport: LiveTransport, principal: Principal): Session {
    const session = new Session({
      principal,
      transport,
      config: this.#options.config,
      counters: this.counters,
      monotonicMs: this.#options.clock.monotonicMs(),
      onHello: (who, hello) => this.hello(who, hello),
    })
    this.#sessions.add(session)
    return session
  }

  closed(session: Session): void {
    this.#sessions.delete(session)
    session.group?.sessions.delete(session)
  }

  /** Welcomes a client, and brings it up to now: by the deltas it missed, where history has them all, or by a snapshot. */
  hello(session: Session, hello: Hello): void {
    const monotonicMs = this.#options.clock.monotonicMs()
    const nowMs = this.#options.clock.nowMs()
    const scope = scopeOf(session.principal, hello)
    if (!scope || !this.#exists(scope)) {
      session.close(liveCloseCodes.forbidden, 'no such tenant or site', monotonicMs)
      return
    }
    const group = this.#groupOf(scope)
    session.group = group
    group.sessions.add(session)

    const resumeRefused = this.#whyNoResume(group, hello)
    const resumed = hello.streamId !== undefined && resumeRefused === undefined
    this.counters.resumes.add(resumed ? 'resumed' : (resumeRefused ?? 'fresh'))
    const { snapshot, built } = resumed
      ? { snapshot: undefined, built: false }
      : group.snapshot(this.#options.state, nowMs)
    if (built) this.counters.snapshotsBuilt++
    session.position = snapshot?.offset ?? hello.offset!
    session.tileVersion = snapshot?.tileVersion ?? 0
    session.send(
      SharedMessage.of({
        type: 'welcome',
        streamId: group.streamId,
        offset: session.position,
        serverTimeMs: nowMs,
        buildId: this.#options.buildId,
        heartbeatMs: this.#options.config.heartbeatMs,
        resumed,
        ...(resumeRefused === undefined ? {} : { resumeRefused }),
      }),
    )
    if (snapshot) session.send(snapshot.message)
    session.flush({ monotonicMs, serverTimeMs: nowMs, deltasUpTo: this.#ring.last, ping: undefined, tiles: true })
    session.caughtUp()
  }

  #whyNoResume(group: StreamGroup, hello: Hello): string | undefined {
    if (hello.streamId === undefined && hello.offset === undefined) return undefined
    if (hello.streamId === undefined || hello.offset === undefined) return 'incomplete position'
    if (hello.streamId !== group.streamId) return 'other stream'
    if (hello.offset > this.#ring.last) return 'position from the future'
    if (!this.#ring.covers(hello.offset)) return 'history gone'
    return undefined
  }

  /** A scope nobody could see anything in is a mistake to be told, not an empty screen. */
  #exists({ tenants, siteId }: Scope): boolean {
    const { inventory, exporters } = this.#options.state
    if (siteId !== undefined) {
      return inventory.sites.some(site => inScope({ tenants, siteId }, site.tenant, site.id))
    }
    if (tenants === 'all') return true
    // Flows may come for a tenant of which the inventory knows no device.
    const known = new Set(inventory.tenants.map(tenant => tenant.id))
    for (const exporter of exporters.values()) known.add(exporter.tenantId)
    return tenants.some(tenant => known.has(tenant))
  }

  #groupOf(scope: Scope): StreamGroup {
    const key = scopeKey(scope)
    let group = this.#groups.get(key)
    if (!group) {
      group = new StreamGroup(scope, this.#incarnation, this.#ring)
      this.#updateTiles(group, this.#options.clock.nowMs())
      this.#groups.set(key, group)
    }
    return group
  }

  #updateTiles(group: StreamGroup, nowMs: number): void {
    const { state, config, onShown } = this.#options
    group.updateTiles(state, config.worstInterfaces, nowMs, onShown)
  }

  #tick(): void {
    const { clock, state } = this.#options
    const nowMs = clock.nowMs()
    state.sweep(nowMs)
    for (const [key, group] of this.#groups) {
      if (group.sessions.size === 0) this.#groups.delete(key)
      else this.#updateTiles(group, nowMs)
    }
    this.#flush(true)
    for (const session of this.#sessions) session.checkDeadlines(clock.monotonicMs())
  }

  #flush(tick: boolean): void {
    this.#flushTimer?.cancel()
    this.#flushTimer = undefined
    const { clock } = this.#options
    const serverTimeMs = clock.nowMs()
    const deltasUpTo = this.#ring.last
    const ping =
      tick && !this.#stopping
        ? SharedMessage.of({ type: 'ping', at: serverTimeMs, serverTimeMs, offset: deltasUpTo })
        : undefined
    const moment = { monotonicMs: clock.monotonicMs(), serverTimeMs, deltasUpTo, ping, tiles: tick }
    for (const group of this.#groups.values()) {
      for (const session of group.sessions) session.flush(moment)
      group.releaseBatches()
    }
  }
}
