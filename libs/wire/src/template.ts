import type { DecodeErrorCode } from './decode-errors.ts'
import { compileRecordPlan, type RecordPlan } from './record-plan.ts'
import { type TemplateField, variableLength } from './template-field.ts'

export interface TemplateLimits {
  fieldsMax: number
  recordLengthMax: number
}

/** A (options) template, with what is worked out once so that records need no look-up. */
export class Template {
  readonly id: number
  readonly options: boolean
  /** As announced. */
  readonly announced: readonly TemplateField[]
  readonly announcedScopeCount: number
  /**
   * The fields a record has octets of. Those of length 0 are left out (F06): a template of a thousand of them and one
   * octet would make every octet a thousand steps.
   */
  readonly fields: readonly TemplateField[]
  /** Leading `fields` that say what an options record is about. */
  readonly scopeCount: number
  /** Octets of a record; the least possible where `variable`. */
  readonly recordLength: number
  readonly variable: boolean
  /** Two templates with the same layout read the same records. */
  readonly layout: string
  /** Layout before the last change and when it changed, to see two exporters fight over one id. */
  previousLayout = ''
  changedMs = 0
  flipFlops = 0
  /** Arrival of the first and of the newest announcement of the id, and the time between the last two; 0 unknown. */
  firstSeenMs = 0
  lastSeenMs = 0
  refreshMs = 0
  /** Arrival of the newest data that was read with it, or of its definition. */
  usedMs = 0
  #plan: RecordPlan | undefined
  #givesNames: boolean | undefined

  constructor(id: number, options: boolean, scopeCount: number, announced: readonly TemplateField[], layout: string) {
    this.id = id
    this.options = options
    this.announced = announced
    this.announcedScopeCount = scopeCount
    this.fields = announced.every(hasOctets) ? announced : announced.filter(hasOctets)
    this.scopeCount = announced.slice(0, scopeCount).filter(hasOctets).length
    this.variable = announced.some(({ length }) => length === variableLength)
    this.recordLength = announced.reduce((sum, { length }) => sum + (length === variableLength ? 1 : length), 0)
    this.layout = layout
  }

  /** Whether records of an options template can name something: see options-names.ts. */
  get givesNames(): boolean {
    this.#givesNames ??= this.fields.some(({ enterprise, element }) => nameElements.has(`${enterprise}/${element}`))
    return this.#givesNames
  }

  /** Made when the first record comes: most templates of a flood never see one. */
  get plan(): RecordPlan {
    this.#plan ??= compileRecordPlan(this.fields, this.variable)
    return this.#plan
  }
}

/** Elements whose values are names: applications', interfaces', VRFs', samplers'. */
const nameElements = new Set(['0/82', '0/83', '0/84', '0/96', '0/236', '0/335', '0/372', '0/45000', '9/12232'])

function hasOctets({ length }: TemplateField): boolean {
  return length > 0
}

/** A template, or why there can be none of these fields. */
export function makeTemplate(
  id: number,
  options: boolean,
  scopeCount: number,
  fields: readonly TemplateField[],
  limits: TemplateLimits,
  layout = layoutOf(options, scopeCount, fields),
): Template | DecodeErrorCode {
  if (id < 256) return 'template-id-invalid'
  if (fields.length === 0) return 'template-no-fields'
  if (fields.length > limits.fieldsMax) return 'template-too-many-fields'
  if (scopeCount > fields.length) return 'template-scope-invalid'
  const template = new Template(id, options, scopeCount, fields, layout)
  if (template.recordLength === 0) return 'template-record-empty'
  return template.recordLength > limits.recordLengthMax ? 'template-record-too-long' : template
}

/** Notes that the template was announced again: how often that happens is how long a new reader has to wait. */
export function noteAnnounced(template: Template, atMs: number): void {
  if (atMs > template.lastSeenMs) {
    if (template.lastSeenMs > 0) template.refreshMs = atMs - template.lastSeenMs
    template.lastSeenMs = atMs
  }
}

export function layoutOf(options: boolean, scopeCount: number, fields: readonly TemplateField[]): string {
  let layout = options ? `o${scopeCount}` : 'd'
  for (const field of fields) {
    layout +=
      field.enterprise === 0
        ? `,${field.element}/${field.length}`
        : `,${field.enterprise}.${field.element}/${field.length}`
  }
  return layout
}

/** Octets of a variable field's length prefix at `at`: 1, or 3 after 255; 0 when it runs past `end` (RFC 7011 §7). */
export function variablePrefix(view: DataView, at: number, end: number): number {
  if (at >= end) return 0
  if (view.getUint8(at) !== 255) return 1
  return at + 3 <= end ? 3 : 0
}

/**
 * Writes where each field of the record at `at` starts and how long it is.
 * @returns the position after the record, or -1 when it runs past `end`
 */
export function locateFields(
  fields: readonly TemplateField[],
  view: DataView,
  at: number,
  end: number,
  starts: Int32Array,
  lengths: Int32Array,
): number {
  let position = at
  for (let index = 0; index < fields.length; index++) {
    let length = fields[index]!.length
    if (length === variableLength) {
      const prefix = variablePrefix(view, position, end)
      if (prefix === 0) return -1
      length = prefix === 1 ? view.getUint8(position) : view.getUint16(position + 1)
      position += prefix
    }
    if (position + length > end) return -1
    starts[index] = position
    lengths[index] = length
    position += length
  }
  return position
}
