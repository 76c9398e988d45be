import { type TemplateRecord, templateRecordSchema } from '../../../../libs/model/src/index.ts'

export type TemplatePlace = Pick<TemplateRecord, 'sourcePort' | 'protocol' | 'observationDomainId' | 'templateId'>

/** By source port, protocol, domain and id. */
export function comparePlaces(a: TemplatePlace, b: TemplatePlace): number {
  if (a.sourcePort !== b.sourcePort) return a.sourcePort - b.sourcePort
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1
  return a.observationDomainId - b.observationDomainId || a.templateId - b.templateId
}

/** The templates on `weir.templates.v1`, by exporter; so many at most. */
export class TemplateBook {
  readonly counters = { malformed: 0, refused: 0 }
  readonly #byExporter = new Map<string, Map<string, TemplateRecord>>()
  readonly #templatesMax: number
  #size = 0

  constructor(templatesMax: number) {
    this.#templatesMax = templatesMax
  }

  get size(): number {
    return this.#size
  }

  /** In order of their places. */
  of(exporterId: string): TemplateRecord[] {
    return [...(this.#byExporter.get(exporterId)?.values() ?? [])].sort(comparePlaces)
  }

  /** Folds one record of the topic in. */
  apply(key: string, value: Uint8Array | null): void {
    // Port, version, domain and id stand behind the exporter's id.
    const exporterId = key.split('/').slice(0, -4).join('/')
    if (value === null) {
      this.#delete(exporterId, key)
      return
    }
    const record = readRecord(value)
    if (record?.exporterId !== exporterId || !exporterId.startsWith(`${record.tenantId}/`)) {
      this.counters.malformed++
      return
    }
    const templates = this.#byExporter.get(exporterId) ?? new Map<string, TemplateRecord>()
    if (!templates.has(key)) {
      if (this.#size >= this.#templatesMax) {
        this.counters.refused++
        return
      }
      this.#size++
    }
    templates.set(key, record)
    this.#byExporter.set(exporterId, templates)
  }

  #delete(exporterId: string, key: string): void {
    const templates = this.#byExporter.get(exporterId)
    if (!templates?.delete(key)) return
    this.#size--
    if (templates.size === 0) this.#byExporter.delete(exporterId)
  }
}

function readRecord(value: Uint8Array): TemplateRecord | undefined {
  try {
    return templateRecordSchema.safeParse(JSON.parse(Buffer.from(value).toString('utf8'))).data
  } catch {
    return undefined
  }
}
