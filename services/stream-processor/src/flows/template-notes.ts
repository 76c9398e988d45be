import { createHash } from 'node:crypto'
import { type TemplateRecord, templateKey } from '../../../../libs/model/src/index.ts'
import type { ExporterDecoder, LearnedTemplate } from '../../../../libs/wire/src/index.ts'

/** Templates of one exporter that are written down; more would be a fault of its own. */
const templatesMax = 512

/** Plain JSON, part of the exporter's state piece: layout and first offset by key. */
export type SavedTemplates = Record<string, [layout: string, firstOffset: number]>

export interface TemplateSource {
  tenantId: string
  exporterId: string
  logId: string
  partition: number
  offset: number
}

export interface TemplateChange {
  key: string
  /** Null: taken back, or let go at a bound. */
  record: TemplateRecord | null
}

/** Which templates of one exporter stand on `weir.templates.v1`, so that only what changes is written. */
export class TemplateNotes {
  readonly #noted: Map<string, [layout: string, firstOffset: number]>
  #versionSeen = -1
  /** Templates beyond the bound at the last look. */
  beyond = 0

  constructor(saved: SavedTemplates = {}) {
    this.#noted = new Map(Object.entries(saved))
  }

  /** What changed since the last look, in order of the templates. */
  changes(decoder: ExporterDecoder, source: TemplateSource): TemplateChange[] {
    if (decoder.templatesVersion === this.#versionSeen) return []
    this.#versionSeen = decoder.templatesVersion
    const changes: TemplateChange[] = []
    const known = new Set<string>()
    const templates = decoder.templates()
    this.beyond = Math.max(0, templates.length - templatesMax)
    for (const template of newest(templates)) {
      const key = templateKey(source.exporterId, template)
      known.add(key)
      const layout = digest(template.layout)
      const before = this.#noted.get(key)
      if (before?.[0] === layout) continue
      const firstOffset = before?.[1] ?? source.offset
      this.#noted.set(key, [layout, firstOffset])
      changes.push({ key, record: recordOf(template, source, firstOffset) })
    }
    for (const key of this.#noted.keys()) {
      if (known.has(key)) continue
      this.#noted.delete(key)
      changes.push({ key, record: null })
    }
    return changes
  }

  /** Deletes all: the exporter is forgotten. */
  forget(): TemplateChange[] {
    return [...this.#noted.keys()].map(key => ({ key, record: null }))
  }

  save(): SavedTemplates {
    return Object.fromEntries(this.#noted)
  }
}

/** Those announced last, where there are too many: an exporter that takes another port with each start leaves old ones. */
function newest(templates: LearnedTemplate[]): LearnedTemplate[] {
  if (templates.length <= templatesMax) return templates
  return [...templates].sort((a, b) => b.lastSeenMs - a.lastSeenMs).slice(0, templatesMax)
}

function recordOf(template: LearnedTemplate, source: TemplateSource, firstOffset: number): TemplateRecord {
  return {
    schema: 'weir.template.v1',
    tenantId: source.tenantId,
    exporterId: source.exporterId,
    sourcePort: template.sourcePort,
    protocol: template.version === 9 ? 'netflow9' : 'ipfix',
    observationDomainId: template.domain,
    templateId: template.id,
    options: template.options,
    scopeFields: template.scopeCount,
    fields: template.fields.map(({ name, enterprise, element, length }) => ({ name, enterprise, element, length })),
    firstSeenAt: new Date(template.firstSeenMs).toISOString(),
    changedAt: new Date(template.changedMs).toISOString(),
    logId: source.logId,
    partition: source.partition,
    firstSeenOffset: String(firstOffset),
    changedOffset: String(source.offset),
  }
}

/** Short, since a layout may have a thousand fields. */
function digest(layout: string): string {
  return createHash('sha256').update(layout).digest('base64url').slice(0, 12)
}
