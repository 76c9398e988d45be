import type { DatagramContext } from './datagram-context.ts'
import { createSession, type DomainSession, sessionKey } from './domain-session.ts'
import type { ExporterState, SflowAgent } from './exporter-state.ts'
import { type SequenceState, SequenceTracker } from './sequence.ts'
import { makeTemplate, type Template } from './template.ts'
import type { TemplateField } from './template-field.ts'

/** Format of the snapshot; another number is not read, and the decoder begins afresh. */
const format = 1

interface TemplateSnapshot {
  key: number
  id: number
  scope: number
  options: boolean
  /** enterprise, element, length, … */
  fields: number[]
  previous: string
  changedMs: number
  flipFlops: number
  /** First and newest announcement, and time between the last two; absent in snapshots of earlier versions. */
  seen?: [firstMs: number, lastMs: number, refreshMs: number, usedMs?: number]
}

interface SessionSnapshot {
  ordinal: number
  port: number
  version: number
  domain: number
  sequence: SequenceState
  samplers: [number, number][]
  interfaces: [number, number][]
  device: number | null
  uptimeMs: number
  exportedSeconds: number
  skewed: boolean
  systemInitMs: number
}

interface AgentSnapshot {
  key: string
  sequence: SequenceState
  uptimeMs: number
  flowSources: [source: number, next: number][]
  counterSources: [source: number, next: number][]
}

interface DecoderSnapshot {
  format: number
  sessionsMade: number
  sessions: SessionSnapshot[]
  oldSessions: number
  templates: TemplateSnapshot[]
  oldTemplates: number
  held: { templateKey: number; sessionKey: number; context: DatagramContext; octets: string }[]
  agents: AgentSnapshot[]
  oldAgents: number
}

/** Plain JSON, in an order that only the state decides: the same state gives the same text. */
export function snapshotOf(state: ExporterState): unknown {
  const { old, all } = state.templates.entries()
  const sessions = state.sessions.entries()
  const agents = state.agents.entries()
  const snapshot: DecoderSnapshot = {
    format,
    sessionsMade: state.sessionsMade,
    oldSessions: sessions.old,
    sessions: sessions.all.map(([, session]) => ({
      ordinal: session.ordinal,
      port: session.sourcePort,
      version: session.version,
      domain: session.domain,
      sequence: copyOf(session.sequence.state),
      samplers: [...session.sampling.samplers],
      interfaces: [...session.sampling.interfaces],
      device: session.sampling.device ?? null,
      uptimeMs: session.uptimeMs,
      exportedSeconds: session.exportedSeconds,
      skewed: session.skewed,
      systemInitMs: session.systemInitMs,
    })),
    templates: all.map(([key, template]) => ({
      key,
      id: template.id,
      scope: template.announcedScopeCount,
      options: template.options,
      fields: template.announced.flatMap(({ enterprise, element, length }) => [enterprise, element, length]),
      previous: template.previousLayout,
      changedMs: template.changedMs,
      flipFlops: template.flipFlops,
      seen: [template.firstSeenMs, template.lastSeenMs, template.refreshMs, template.usedMs],
    })),
    oldTemplates: old,
    held: state.held.all().map(({ templateKey, sessionKey: key, context, octets }) => ({
      templateKey,
      sessionKey: key,
      context: { ...context },
      octets: Buffer.from(octets).toString('base64'),
    })),
    oldAgents: agents.old,
    agents: agents.all.map(([key, agent]) => ({
      key,
      sequence: copyOf(agent.datagrams.state),
      uptimeMs: agent.uptimeMs,
      flowSources: sourcesOf(agent.flowSources),
      counterSources: sourcesOf(agent.counterSources),
    })),
  }
  return snapshot
}

/** Takes a snapshot back; counters begin at 0. What is no snapshot of this format leaves the state empty. */
export function restoreState(state: ExporterState, from: unknown): void {
  const snapshot = from as Partial<DecoderSnapshot> | null
  if (snapshot === null || typeof snapshot !== 'object' || snapshot.format !== format) return
  const { sessions = [], templates = [], held = [], agents = [] } = snapshot
  state.sessionsMade = snapshot.sessionsMade ?? 0
  const restoredSessions = sessions.map((one): [number, DomainSession] => {
    const session = createSession(one.ordinal, one.port, one.version, one.domain)
    session.sequence = new SequenceTracker(copyOf(one.sequence))
    session.sampling.restore(one.samplers, one.interfaces, one.device)
    session.uptimeMs = one.uptimeMs
    session.exportedSeconds = one.exportedSeconds
    session.skewed = one.skewed
    session.systemInitMs = one.systemInitMs
    return [sessionKey(one.port, one.version, one.domain), session]
  })
  state.sessions.restore(restoredSessions, snapshot.oldSessions ?? 0)
  const restored = templates.map((one): [number, Template] | undefined => {
    const fields: TemplateField[] = []
    for (let at = 0; at + 2 < one.fields.length; at += 3) {
      fields.push({ enterprise: one.fields[at]!, element: one.fields[at + 1]!, length: one.fields[at + 2]! })
    }
    const template = makeTemplate(one.id, one.options, one.scope, fields, {
      fieldsMax: state.options.templateFieldsMax,
      recordLengthMax: 65_535,
    })
    if (typeof template === 'string') return undefined
    template.previousLayout = one.previous
    template.changedMs = one.changedMs
    template.flipFlops = one.flipFlops
    // An earlier version's snapshot says nothing of use: then it counts from the last change.
    const [firstSeenMs, lastSeenMs, refreshMs, usedMs = one.changedMs] = one.seen ?? [0, one.changedMs, 0]
    Object.assign(template, { firstSeenMs, lastSeenMs, refreshMs, usedMs })
    return [one.key, template]
  })
  const byOrdinal = new Map(restoredSessions.map(([, session]) => [session.ordinal, session]))
  for (const [key, template] of restored.filter(entry => entry !== undefined)) {
    const session = byOrdinal.get(Math.floor(key / 65_536))
    session?.[template.options ? 'optionsTemplates' : 'dataTemplates'].add(template.id)
  }
  state.templates.restore(
    restored.filter(entry => entry !== undefined),
    snapshot.oldTemplates ?? 0,
  )
  for (const one of held) {
    const octets = new Uint8Array(Buffer.from(one.octets, 'base64'))
    state.held.add({ templateKey: one.templateKey, sessionKey: one.sessionKey, context: { ...one.context }, octets })
  }
  const restoredAgents = agents.map((one): [string, SflowAgent] => [
    one.key,
    {
      datagrams: new SequenceTracker(copyOf(one.sequence)),
      uptimeMs: one.uptimeMs,
      flowSources: sourceMap(one.flowSources),
      counterSources: sourceMap(one.counterSources),
    },
  ])
  state.agents.restore(restoredAgents, snapshot.oldAgents ?? 0)
}

function copyOf(sequence: SequenceState): SequenceState {
  return { ...sequence, recent: [...sequence.recent], gaps: sequence.gaps.map(([from, to]) => [from, to]) }
}

function sourcesOf(sources: ReadonlyMap<number, { next: number }>): [number, number][] {
  return [...sources].map(([source, { next }]) => [source, next])
}

function sourceMap(sources: readonly (readonly [number, number])[]): Map<number, { next: number }> {
  return new Map(sources.map(([source, next]) => [source, { next }]))
}
