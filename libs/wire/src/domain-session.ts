import { SamplingTable } from './sampling.ts'
import { SequenceTracker } from './sequence.ts'

/**
 * What is remembered of one observation domain of one exporter: one source port, protocol version and domain (source id,
 * engine). Two exporters behind one address differ in the port (F13).
 */
export interface DomainSession {
  /** Number of the session, for template keys: never reused within a decoder. */
  ordinal: number
  sourcePort: number
  version: number
  domain: number
  sequence: SequenceTracker
  sampling: SamplingTable
  /** Header values of the newest datagram; -1 before the first. */
  uptimeMs: number
  exportedSeconds: number
  /** The header's clock is further from arrival than the bound. */
  skewed: boolean
  /** systemInitTimeMilliseconds (IE 160) from options data; 0 unknown. */
  systemInitMs: number
  /** Ids of the data and of the options templates, for an exporter that takes all of a kind back. */
  dataTemplates: Set<number>
  optionsTemplates: Set<number>
}

export function createSession(ordinal: number, sourcePort: number, version: number, domain: number): DomainSession {
  return {
    ordinal,
    sourcePort,
    version,
    domain,
    sequence: new SequenceTracker(),
    sampling: new SamplingTable(),
    uptimeMs: -1,
    exportedSeconds: -1,
    skewed: false,
    systemInitMs: 0,
    dataTemplates: new Set(),
    optionsTemplates: new Set(),
  }
}

/** Exact below 2^53: 32 bits of domain, 16 of port, 4 of version. */
export function sessionKey(sourcePort: number, version: number, domain: number): number {
  return (domain * 65_536 + sourcePort) * 16 + version
}

/** Notes the header's uptime and export time. @returns whether they say that the device restarted (F14) */
export function noteUptime(session: DomainSession, uptimeMs: number, exportedSeconds: number): boolean {
  const before = session.uptimeMs
  // 10 s of slack: a datagram that was overtaken is no restart; nor is the wrap after 49.7 days.
  const wrapped = before > 0xf000_0000 && uptimeMs < 0x1000_0000
  const restarted = before >= 0 && uptimeMs + 10_000 < before && !wrapped && exportedSeconds >= session.exportedSeconds
  if (restarted || uptimeMs > before || wrapped) {
    session.uptimeMs = uptimeMs
    session.exportedSeconds = exportedSeconds
  }
  return restarted
}

/** The same for an sFlow agent, whose datagrams have no clock. */
export function noteAgentUptime(agent: { uptimeMs: number }, uptimeMs: number): boolean {
  const before = agent.uptimeMs
  const wrapped = before > 0xf000_0000 && uptimeMs < 0x1000_0000
  const restarted = before >= 0 && uptimeMs + 10_000 < before && !wrapped
  if (restarted || uptimeMs > before || wrapped) agent.uptimeMs = uptimeMs
  return restarted
}
