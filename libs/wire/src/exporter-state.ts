import { createDatagramContext, type DatagramContext } from './datagram-context.ts'
import { ErrorLog } from './decode-errors.ts'
import { createSession, type DomainSession, sessionKey } from './domain-session.ts'
import type { FlowColumns } from './flow-columns.ts'
import { HeldSets } from './held-sets.ts'
import { LearnedNames } from './learned-names.ts'
import { RecentMap } from './recent-map.ts'
import { SequenceTracker } from './sequence.ts'
import type { Template } from './template.ts'
import { TemplateStore } from './template-store.ts'

export interface DecoderOptions {
  /**
   * Whether the UDP source port tells exporters behind one address apart (default). Off for exporters that change their
   * port from datagram to datagram; then ids that flip between layouts are quarantined.
   */
  keyBySourcePort?: boolean
  /** What becomes of a datagram that came twice: its records would count twice. Default `drop`. */
  duplicates?: 'drop' | 'keep'
  /** Whether the reverse half of a biflow becomes a record of its own (RFC 5103). Default true. */
  reverseRecords?: boolean
  /** Whether sampled packets are opened down to the innermost IP packet of a tunnel. Default false: the outer one. */
  innerPackets?: boolean
  /** A header clock further from arrival than this is not believed. Default 5 minutes. */
  clockSkewMsMax?: number
  templatesMax?: number
  templateFieldsMax?: number
  /** A template neither announced nor used for so long is let go (RFC 7011 §8.4). Default a day. */
  templateMsMax?: number
  /** Fields over all templates. */
  fieldsMax?: number
  domainsMax?: number
  heldOctetsMax?: number
  heldSetsMax?: number
  heldMsMax?: number
}

export const decoderDefaults: Required<DecoderOptions> = {
  keyBySourcePort: true,
  duplicates: 'drop',
  reverseRecords: true,
  innerPackets: false,
  clockSkewMsMax: 300_000,
  templatesMax: 4_096,
  templateFieldsMax: 1_000,
  templateMsMax: 86_400_000,
  fieldsMax: 131_072,
  domainsMax: 512,
  heldOctetsMax: 262_144,
  heldSetsMax: 1_024,
  heldMsMax: 1_800_000,
}

/** The most fields a template may have whatever the options say: the scratch arrays' size. */
export const templateFieldsCeiling = 4_096

/** What a decoder does with records it has found; the columns' appender, or a reader of every field. */
export interface RecordSink {
  /**
   * @param at first octet of the records, absolute in `view`'s buffer
   * @returns records, or -1 - records when one ran past `end`
   */
  data(
    template: Template,
    view: DataView,
    at: number,
    end: number,
    out: FlowColumns,
    context: DatagramContext,
    session: DomainSession,
  ): number
  /** One options record, its fields located. */
  options?(
    template: Template,
    view: DataView,
    starts: Int32Array,
    lengths: Int32Array,
    context: DatagramContext,
    session: DomainSession,
  ): void
}

/** Sequence of an sFlow agent's sub-agent and of its data sources. */
export interface SflowAgent {
  datagrams: SequenceTracker
  uptimeMs: number
  /** Next sequence number by data source, its 32 bits as a signed integer: V8 looks those up inline. */
  flowSources: Map<number, { next: number }>
  counterSources: Map<number, { next: number }>
}

/** All that one exporter's decoder remembers. */
export class ExporterState {
  readonly options: Required<DecoderOptions>
  readonly errors = new ErrorLog()
  readonly context = createDatagramContext()
  readonly templates: TemplateStore
  readonly held: HeldSets
  readonly names = new LearnedNames()
  readonly sessions: RecentMap<number, DomainSession>
  readonly agents: RecentMap<string, SflowAgent>
  sessionsMade = 0
  /** Of the datagram being decoded: its first octet in the buffer, to give offsets from. */
  base = 0
  /** Of the datagram being decoded. */
  records = 0
  optionsRecords = 0
  heldNow = 0
  /** Source port under which the sFlow datagram being decoded teaches names. */
  namesPort = 0

  datagrams = 0
  recordsTotal = 0
  optionsRecordsTotal = 0
  templatesRedefined = 0
  templatesExpired = 0
  counterSamples = 0
  discardedPackets = 0
  samplesLost = 0
  countMismatches = 0
  trailingDatagrams = 0
  timesClamped = 0
  unscaledRecords = 0
  reverseRecords = 0
  templateRefreshMs = 0
  clockSkewMs = 0
  clockSkewedDatagrams = 0
  /** Sequence totals of sessions and agents that made room for others. */
  readonly retired = { received: 0, lost: 0, late: 0, duplicates: 0, restarts: 0 }

  constructor(options: DecoderOptions = {}) {
    this.options = { ...decoderDefaults, ...options }
    this.options.templateFieldsMax = Math.min(this.options.templateFieldsMax, templateFieldsCeiling)
    this.templates = new TemplateStore(this.options.templatesMax, this.options.fieldsMax)
    const max = this.options.domainsMax
    this.sessions = new RecentMap({ max, onEvict: gone => this.#retire(gone.sequence) })
    this.agents = new RecentMap({ max, onEvict: gone => this.#retire(gone.datagrams) })
    this.held = new HeldSets(this.options.heldOctetsMax, this.options.heldSetsMax, this.options.heldMsMax)
  }

  session(sourcePort: number, version: number, domain: number): DomainSession {
    const port = this.options.keyBySourcePort ? sourcePort : 0
    const key = sessionKey(port, version, domain)
    let session = this.sessions.get(key)
    if (!session) {
      session = createSession(this.sessionsMade++, port, version, domain)
      this.sessions.set(key, session)
    }
    return session
  }

  agent(key: string): SflowAgent {
    let agent = this.agents.get(key)
    if (!agent) {
      agent = { datagrams: new SequenceTracker(), uptimeMs: -1, flowSources: new Map(), counterSources: new Map() }
      this.agents.set(key, agent)
    }
    return agent
  }

  /** Templates are kept by session and id; ordinals are small enough for this to be exact. */
  templateKey(session: DomainSession, id: number): number {
    return session.ordinal * 65_536 + id
  }

  #retire(tracker: SequenceTracker): void {
    this.retired.received += tracker.received
    this.retired.lost += tracker.lost
    this.retired.late += tracker.late
    this.retired.duplicates += tracker.duplicates
    this.retired.restarts += tracker.restarts
  }

  sequenceTotal(what: 'received' | 'lost' | 'late' | 'duplicates' | 'restarts'): number {
    let total = this.retired[what]
    for (const session of this.sessions.values()) total += session.sequence[what]
    for (const agent of this.agents.values()) total += agent.datagrams[what]
    return total
  }
}
