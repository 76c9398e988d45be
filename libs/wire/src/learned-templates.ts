import { elementOf, netflow9ElementOf, scopeElementOf } from './elements/index.ts'
import type { ExporterState } from './exporter-state.ts'
import { scopeEnterprise, type TemplateField } from './template-field.ts'

/** A template as an exporter announced it, for people and tools. Times are arrivals, milliseconds since the Unix epoch. */
export interface LearnedTemplate {
  sourcePort: number
  /** 9 or 10 (IPFIX). */
  version: number
  /** Observation domain, or v9's source id. */
  domain: number
  id: number
  options: boolean
  /** Leading fields that say what an options record is about. */
  scopeCount: number
  fields: LearnedField[]
  /** The same for two templates that read the same records. */
  layout: string
  firstSeenMs: number
  lastSeenMs: number
  changedMs: number
  /** Time between the last two announcements; 0 before the second. */
  refreshMs: number
}

export interface LearnedField {
  /** 0: IANA. */
  enterprise: number
  element: number
  /** Octets; 65,535 where each record tells (RFC 7011 §7). */
  length: number
  /** IANA's or the maker's name; `enterprise/element` where no table has it. */
  name: string
}

/** In order of port, version, domain and id. */
export function learnedTemplates(state: ExporterState): LearnedTemplate[] {
  const sessions = new Map([...state.sessions.values()].map(session => [session.ordinal, session]))
  const learned: LearnedTemplate[] = []
  for (const [key, template] of state.templates.entries().all) {
    const session = sessions.get(Math.floor(key / 65_536))
    // Its session made room for another: nothing can refer to it any more.
    if (!session) continue
    learned.push({
      sourcePort: session.sourcePort,
      version: session.version,
      domain: session.domain,
      id: template.id,
      options: template.options,
      scopeCount: template.announcedScopeCount,
      fields: template.announced.map(field => learnedField(field, session.version)),
      layout: template.layout,
      firstSeenMs: template.firstSeenMs,
      lastSeenMs: template.lastSeenMs,
      changedMs: template.changedMs,
      refreshMs: template.refreshMs,
    })
  }
  return learned.sort(
    (a, b) => a.sourcePort - b.sourcePort || a.version - b.version || a.domain - b.domain || a.id - b.id,
  )
}

function learnedField({ enterprise, element, length }: TemplateField, version: number): LearnedField {
  if (enterprise === scopeEnterprise) {
    return { enterprise: 0, element, length, name: scopeElementOf(element, length).name }
  }
  const known = version === 9 ? netflow9ElementOf(element) : elementOf(enterprise, element)
  return { enterprise, element, length, name: known?.name ?? `${enterprise}/${element}` }
}
