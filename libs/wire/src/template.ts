import type { DecodeErrorCode } from './decode-errors.ts'
import { compileRecordPlan, type RecordPlan } from './record-plan.ts'

/** Length of a field that carries its own length (RFC 7011 §7). */
export const variableLength = 65_535

/** Enterprise of the scope fields of NetFlow v9, whose types are their own small list (RFC 3954 §6.1). */
export const scopeEnterprise = -1

export interface TemplateField {
  /** 0: IANA; `scopeEnterprise`: NetFlow v9 scope type; else a private enterprise number. */
  enterprise: number
  element: number
  length: number
}

/** A (options) template, with what is worked out once so that records need no look-up. */
export interface Template {
  id: number
  /** Leading fields that say what an options record is about. */
  scopeCount: number
  options: boolean
  fields: readonly TemplateField[]
  /** Octets of a record; the least possible where `variable`. */
  recordLength: number
  variable: boolean
  plan: RecordPlan
  layout: string
  /** Layout before the last change and when it changed, to see two exporters fight over one id. */
  previousLayout: string
  changedMs: number
  flipFlops: number
  /** Arrival of the first and of the newest announcement of the id, and the time between the last two; 0 unknown. */
  firstSeenMs: number
  lastSeenMs: number
  refreshMs: number
}

export interface TemplateLimits {
  fieldsMax: number
  recordLengthMax: number
}

/** A template, or why there can be none of these fields. */
export function makeTemplate(
  id: number,
  options: boolean,
  scopeCount: number,
  fields: readonly TemplateField[],
  limits: TemplateLimits,
): Template | DecodeErrorCode {
  if (id < 256) return 'template-id-invalid'
  if (fields.length === 0) return 'template-no-fields'
  if (fields.length > limits.fieldsMax) return 'template-too-many-fields'
  if (scopeCount > fields.length) return 'template-scope-invalid'
  let recordLength = 0
  let variable = false
  for (const field of fields) {
    if (field.length === variableLength) {
      variable = true
      recordLength += 1
    } else {
      recordLength += field.length
    }
  }
  if (recordLength === 0) return 'template-record-empty'
  if (recordLength > limits.recordLengthMax) return 'template-record-too-long'
  return {
    id,
    scopeCount,
    options,
    fields,
    recordLength,
    variable,
    plan: compileRecordPlan(fields, variable),
    layout: layoutOf(options, scopeCount, fields),
    previousLayout: '',
    changedMs: 0,
    flipFlops: 0,
    firstSeenMs: 0,
    lastSeenMs: 0,
    refreshMs: 0,
  }
}

/** Notes that the template was announced again: how often that happens is how long a new reader has to wait. */
export function noteAnnounced(template: Template, atMs: number): void {
  if (atMs > template.lastSeenMs) {
    if (template.lastSeenMs > 0) template.refreshMs = atMs - template.lastSeenMs
    template.lastSeenMs = atMs
  }
}

/** Two templates with the same layout read the same records. */
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
