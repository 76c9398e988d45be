import type { DecodeErrorCode } from './decode-errors.ts'
import { scopeEnterprise, type TemplateField } from './template-field.ts'

/**
 * How a template set is written:
 *
 *     netflow9          id(2) fields(2) { type(2) length(2) }                                          RFC 3954 §5.2
 *     netflow9-options  id(2) scopeOctets(2) optionOctets(2) { type(2) length(2) }                     RFC 3954 §6.1
 *     ipfix             id(2) fields(2) { E|element(2) length(2) [enterprise(4)] }                     RFC 7011 §3.4.1
 *     ipfix-options     id(2) fields(2) scopeFields(2) { E|element(2) length(2) [enterprise(4)] }      RFC 7011 §3.4.2
 */
export type TemplateSetFormat = 'netflow9' | 'netflow9-options' | 'ipfix' | 'ipfix-options'

export interface TemplateFound {
  id: number
  options: boolean
  scopeCount: number
  /** Empty in IPFIX: the template is taken back. No more than one past the limit are gathered. */
  fields: TemplateField[]
  at: number
}

export interface TemplateFault {
  code: DecodeErrorCode
  at: number
  id: number
}

/** Hands out the templates of one set, up to the fault that makes the rest unreadable. */
export function readTemplates(
  format: TemplateSetFormat,
  view: DataView,
  at: number,
  end: number,
  fieldsMax: number,
  found: (template: TemplateFound) => void,
): TemplateFault | undefined {
  const ipfix = format === 'ipfix' || format === 'ipfix-options'
  const options = format === 'netflow9-options' || format === 'ipfix-options'
  let position = at
  while (position + 4 <= end) {
    const id = view.getUint16(position)
    let count = view.getUint16(position + 2)
    // Fewer octets than a template are padding, and so are zeros.
    if (id === 0 && count === 0) return undefined
    if (ipfix && count === 0) {
      found({ id, options, scopeCount: 0, fields: [], at: position })
      position += 4
      continue
    }
    if (id < 256) return { code: 'template-id-invalid', at: position, id }
    if (options && position + 6 > end) return { code: 'template-truncated', at: position, id }
    let scopeCount = options ? view.getUint16(position + 4) : 0
    if (format === 'netflow9-options') {
      const scopeOctets = count
      const optionOctets = scopeCount
      if (scopeOctets % 4 !== 0 || optionOctets % 4 !== 0)
        return { code: 'template-scope-invalid', at: position + 2, id }
      count = (scopeOctets + optionOctets) / 4
      scopeCount = scopeOctets / 4
    }
    const fields: TemplateField[] = []
    const next = readFields(view, position + (options ? 6 : 4), end, count, ipfix, fields, fieldsMax)
    if (next < 0) return { code: 'template-truncated', at: position, id }
    if (!ipfix) for (const field of fields.slice(0, scopeCount)) field.enterprise = scopeEnterprise
    found({ id, options, scopeCount, fields, at: position })
    position = next
  }
  return undefined
}

/** @returns the position after the fields, or -1 when they run past `end`; far past `max` fields they are only skipped */
function readFields(
  view: DataView,
  at: number,
  end: number,
  count: number,
  enterprises: boolean,
  fields: TemplateField[],
  max: number,
): number {
  let position = at
  for (let index = 0; index < count; index++) {
    if (position + 4 > end) return -1
    const element = view.getUint16(position)
    const length = view.getUint16(position + 2)
    position += 4
    let enterprise = 0
    if (enterprises && element >= 0x8000) {
      if (position + 4 > end) return -1
      enterprise = view.getUint32(position)
      position += 4
    }
    if (fields.length <= max) fields.push({ enterprise, element: enterprises ? element & 0x7fff : element, length })
  }
  return position
}
