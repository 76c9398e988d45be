import { create } from '@bufbuild/protobuf'
import { type Clock, every, type Logger, type Timer } from '../../../../libs/kernel/src/index.ts'
import { type PollerSight, PollerSightSchema, type Reach, ReachSchema } from '../../../../libs/model/src/index.ts'
import { resolveHost } from '../host-address.ts'
import { contact } from './contact.ts'
import type { EchoTool, RoundTrips } from './echo-tool.ts'
import { findEchoTool } from './find-echo-tool.ts'
import { SightBook } from './poller-sight.ts'
import type { ReachabilityConfig } from './reachability-config.ts'

export interface ReachTarget {
  readonly key: string
  readonly tenantId: string
  readonly siteId: string
  /** Name or address of its host, from the inventory. */
  readonly host: string
  /** Its host may be asked for echoes. */
  readonly echo: boolean
}

export interface ReachabilityOptions {
  readonly config: ReachabilityConfig
  readonly clock: Clock
  readonly log: Logger
  /** Found on this host unless given. */
  readonly tool?: EchoTool
}

interface Watched extends ReachTarget {
  /** Since the last poll. */
  sent: number
  received: number
  rttUs: number[]
  /** It has answered an echo request. */
  answersEcho: boolean
}

/** Asked when SNMP does not answer: enough to tell loss from silence, in less than two seconds. */
const confirmRound = { count: 3, gapMs: 300 }
/** Those that come within this share a round. */
const gatherMs = 50
const roundsAtOnceMax = 4
const witnessesMax = 4
/** Round trips kept between two polls. */
const tripsMax = 64
const backOffMostMs = 60_000
/** Codes of polls to which nothing came, and of those that sent nothing (libs/snmp's table). */
const silences: ReadonlySet<string> = new Set(['snmp-timeout', 'snmp-unreachable', 'poll-deadline', ''])
const notAsked: ReadonlySet<string> = new Set(['snmp-auth-paused', 'snmp-auth-refused', 'snmp-auth-unknown'])
const resolvedForMs = 300_000

/**
 * Whether hosts answer below SNMP: measured in rounds over all of them, and asked for when a poll stays without an
 * answer. Keeps the book on what the poller hears.
 */
export class Reachability {
  readonly #options: ReachabilityOptions
  readonly #sight: SightBook
  readonly #targets = new Map<string, Watched>()
  readonly #addresses = new Map<string, { address: string; atMs: number }>()
  #tool: EchoTool | undefined
  #timer: Timer | undefined
  #failures = 0
  #notBeforeMs = 0
  #gathering: { key: string; resolve: (reach: Reach | undefined) => void }[] = []
  #rounds = 0
  #closed = false
  readonly counters = { rounds: 0, roundsFailed: 0, sent: 0, received: 0, confirmed: 0, refuted: 0, unasked: 0 }

  constructor(options: ReachabilityOptions) {
    this.#options = options
    this.#sight = new SightBook(options.clock.nowMs())
  }

  /** The program that sends echo requests; undefined where there is none. */
  get tool(): EchoTool | undefined {
    return this.#tool
  }

  async start(): Promise<void> {
    const { config, clock, log } = this.#options
    if (!config.enabled) return
    this.#tool = this.#options.tool ?? (await findEchoTool(log))
    if (this.#tool) this.#timer = every(clock, config.intervalMs, () => this.#measure())
  }

  stop(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#tool?.close()
    for (const { resolve } of this.#gathering.splice(0)) resolve(undefined)
  }

  watch(target: ReachTarget): void {
    this.#targets.set(target.key, { ...target, sent: 0, received: 0, rttUs: [], answersEcho: false })
    this.#sight.watch(target.key, target.tenantId, target.siteId)
  }

  forget(key: string): void {
    this.#targets.delete(key)
    this.#sight.forget(key)
  }

  asked(key: string): void {
    this.#sight.asked(key, this.#options.clock.nowMs())
  }

  /** A sign of life beside whole polls. */
  heard(key: string): void {
    this.#sight.heard(key, this.#options.clock.nowMs())
  }

  /** SNMP answered; what was measured since the poll before. */
  answered(key: string): Reach | undefined {
    this.#sight.heard(key, this.#options.clock.nowMs())
    const target = this.#targets.get(key)
    if (!target || target.sent === 0) return undefined
    const { sent, received, rttUs } = target
    Object.assign(target, { sent: 0, received: 0, rttUs: [] })
    return create(ReachSchema, { method: 'icmp', sent, received, rttUs })
  }

  /** SNMP did not answer: whether the host does. undefined where nobody could ask it. */
  async confirm(key: string): Promise<Reach | undefined> {
    const target = this.#targets.get(key)
    if (!target || !this.#options.config.enabled || this.#closed) return undefined
    Object.assign(target, { sent: 0, received: 0, rttUs: [] })
    let reach = target.echo && this.#tool ? await this.#gather(key) : undefined
    if (this.#options.config.knock && (!reach || (reach.received === 0 && !target.answersEcho))) {
      reach = (await this.#knock(target)) ?? reach
    }
    if (!reach) this.counters.unasked++
    else if (reach.received > 0) this.counters.refuted++
    else this.counters.confirmed++
    if (reach && reach.received > 0) this.#sight.heard(key, this.#options.clock.nowMs())
    return reach
  }

  /** A poll without an answer of the device's host: a refusal is a sign of life, and what was not asked says nothing. */
  failed(key: string, code: string): void {
    const nowMs = this.#options.clock.nowMs()
    if (notAsked.has(code)) this.#sight.asked(key, undefined)
    else if (silences.has(code)) this.#sight.unanswered(key, nowMs)
    else this.#sight.heard(key, nowMs)
  }

  /** For a poll that began at `askedMs` and has no answer. */
  sight(askedMs: number): PollerSight {
    return create(PollerSightSchema, this.#sight.sight(this.#options.clock.nowMs(), askedMs))
  }

  /** What heartbeats carry. */
  heartbeat(): PollerSight {
    return create(PollerSightSchema, {
      ...this.#sight.sight(this.#options.clock.nowMs()),
      tenantIds: this.#sight.tenantIds(),
    })
  }

  /** One request to each host that may be asked, all in one round. */
  async #measure(): Promise<void> {
    const tool = this.#tool!
    const { clock, config } = this.#options
    if (clock.monotonicMs() < this.#notBeforeMs) return
    const targets = [...this.#targets.values()].filter(({ echo }) => echo).slice(0, tool.addressesMax)
    const round = { count: 1, gapMs: config.timeoutMs, timeoutMs: config.timeoutMs }
    const startedMs = clock.nowMs()
    const answers = await this.#round(tool, targets, round)
    if (!answers) return
    for (const target of targets) {
      const trips = answers.get(target.key)
      if (trips) this.#count(target, trips, startedMs)
    }
  }

  /** An answer may be as old as its round. */
  #count(target: Watched, trips: RoundTrips, startedMs: number): void {
    const before = target.received
    for (const trip of trips) {
      target.sent++
      if (trip === null) continue
      target.received++
      target.answersEcho = true
      if (target.rttUs.length < tripsMax) target.rttUs.push(trip)
    }
    if (target.received > before) this.#sight.heard(target.key, startedMs)
  }

  /** By key; undefined when the round failed. */
  async #round(
    tool: EchoTool,
    targets: readonly ReachTarget[],
    round: { count: number; gapMs: number; timeoutMs: number },
  ): Promise<Map<string, RoundTrips> | undefined> {
    const { clock, config, log } = this.#options
    const addresses = new Map<string, string>()
    for (const { key, host } of targets) {
      const address = await this.#resolve(host)
      if (address) addresses.set(key, address)
    }
    try {
      const answers = await tool.round([...new Set(addresses.values())], round)
      this.#failures = 0
      this.counters.rounds++
      const byKey = new Map<string, RoundTrips>()
      for (const [key, address] of addresses) {
        const trips = answers.get(address)
        if (!trips) continue
        byKey.set(key, trips)
        this.counters.sent += trips.length
        this.counters.received += trips.filter(trip => trip !== null).length
      }
      return byKey
    } catch (cause) {
      if (this.#closed) return undefined
      this.counters.roundsFailed++
      const waitMs = Math.min(backOffMostMs, config.intervalMs * 2 ** Math.min(10, this.#failures++))
      this.#notBeforeMs = clock.monotonicMs() + waitMs
      if (this.#failures === 1) log.warn({ err: cause, tool: tool.name, waitMs }, 'echo requests could not be sent')
      return undefined
    }
  }

  /** Confirmations that come together are one round; witnesses of other sites tell whether we hear anybody at all. */
  #gather(key: string): Promise<Reach | undefined> {
    return new Promise(resolve => {
      this.#gathering.push({ key, resolve })
      if (this.#gathering.length === 1) this.#options.clock.after(gatherMs, () => void this.#confirmGathered())
    })
  }

  async #confirmGathered(): Promise<void> {
    if (this.#rounds >= roundsAtOnceMax) {
      this.#options.clock.after(gatherMs, () => void this.#confirmGathered())
      return
    }
    const { clock, config } = this.#options
    const gathered = this.#gathering.splice(0)
    const [first] = gathered
    if (!first) return
    this.#rounds++
    try {
      const doubtful = gathered.map(({ key }) => key)
      const hearsOthers = clock.nowMs() - this.#sight.heardMs < config.timeoutMs
      const witnesses = hearsOthers
        ? []
        : this.#sight.witnesses(first.key, witnessesMax, key => this.#targets.get(key)?.answersEcho ?? false)
      const keys = [...new Set([...doubtful, ...witnesses])]
      const targets = keys.flatMap(key => this.#targets.get(key) ?? [])
      const startedMs = clock.nowMs()
      const answers = await this.#round(this.#tool!, targets, { ...confirmRound, timeoutMs: config.timeoutMs })
      for (const key of witnesses) {
        const trips = answers?.get(key)
        if (!trips) continue
        if (trips.some(trip => trip !== null)) this.#sight.heard(key, startedMs)
        else this.#sight.unanswered(key, clock.nowMs(), startedMs)
      }
      for (const { key, resolve } of gathered) resolve(this.#reachOf(key, answers?.get(key)))
    } finally {
      this.#rounds--
    }
  }

  #reachOf(key: string, trips: RoundTrips | undefined): Reach | undefined {
    if (!trips) return undefined
    const rttUs = trips.filter(trip => trip !== null)
    const target = this.#targets.get(key)
    if (target && rttUs.length > 0) target.answersEcho = true
    return create(ReachSchema, { method: 'icmp', sent: trips.length, received: rttUs.length, rttUs })
  }

  async #knock({ host }: ReachTarget): Promise<Reach | undefined> {
    const { clock, config } = this.#options
    const address = await this.#resolve(host)
    if (!address) return undefined
    const found = await contact(address, { clock, tcpPorts: config.tcpPorts, timeoutMs: config.timeoutMs })
    if (!found) return create(ReachSchema, { method: 'tcp', sent: 1, received: 0 })
    return create(ReachSchema, { method: found.method, sent: 1, received: 1, rttUs: [found.microseconds] })
  }

  /** An address; a name is looked up again now and then. */
  async #resolve(host: string): Promise<string | undefined> {
    const nowMs = this.#options.clock.monotonicMs()
    const known = this.#addresses.get(host)
    if (known && nowMs - known.atMs < resolvedForMs) return known.address
    const found = await resolveHost(host)
    if (!found.ok) return undefined
    // Bounded by the inventory: begun anew once hosts that are gone outnumber the others.
    if (this.#addresses.size > 2 * this.#targets.size + 64) this.#addresses.clear()
    this.#addresses.set(host, { address: found.address, atMs: nowMs })
    return found.address
  }
}
