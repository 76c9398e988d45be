import { hexOf } from './byte-view.ts'
import { elementValue, type JsonValue } from './element-values.ts'
import { elementOf, type InformationElement, netflow9ElementOf, scopeElementOf } from './elements/index.ts'
import { paddingEnterprise } from './netflow-fixed.ts'
import { locateFields, type Template } from './template.ts'
import { scopeEnterprise, type TemplateField } from './template-field.ts'

/** Finds a template of the same session: the records of a subTemplateList are told by its id. */
export type TemplateLookup = (id: number) => Template | undefined

export type RecordFields = { [name: string]: JsonValue }

interface FieldReader extends InformationElement {
  skip: boolean
}

/** Lists in lists in lists: RFC 6313 sets no bound, we do. */
const listDepthMax = 4

const readers = new WeakMap<readonly TemplateField[], FieldReader[]>()

/**
 * A record as name and value, in the template's order. Unknown elements are `enterprise/id` with their octets in hex; an
 * element that comes more than once gets a list (RFC 7011 §8); padding is left out.
 */
export function recordFields(
  of: readonly TemplateField[],
  version: number,
  view: DataView,
  starts: Int32Array,
  lengths: Int32Array,
  lookup: TemplateLookup,
  depth = 0,
): RecordFields {
  const fields: RecordFields = {}
  for (const [index, { name, type, skip }] of readersOf(of, version).entries()) {
    if (skip) continue
    const at = starts[index]!
    const length = lengths[index]!
    if (length === 0 && type !== 'str' && type !== 'oct') continue
    const value = isList(type)
      ? listValue(type, view, at, length, version, lookup, depth)
      : elementValue(type, view, at, length)
    addField(fields, name, value)
  }
  return fields
}

/** What comes more than once gets a list. */
export function addField(fields: RecordFields, name: string, value: JsonValue): void {
  const before = fields[name]
  if (before === undefined) fields[name] = value
  else if (Array.isArray(before)) before.push(value)
  else fields[name] = [before, value]
}

function readersOf(fields: readonly TemplateField[], version: number): FieldReader[] {
  let list = readers.get(fields)
  if (!list) {
    list = fields.map(field => fieldReader(field, version))
    readers.set(fields, list)
  }
  return list
}

function fieldReader(field: TemplateField, version: number): FieldReader {
  const { enterprise, element, length } = field
  if (enterprise === paddingEnterprise) return { name: '', type: 'oct', skip: true }
  const known =
    enterprise === scopeEnterprise
      ? scopeElementOf(element, length)
      : version === 10
        ? elementOf(enterprise, element)
        : netflow9ElementOf(element)
  if (!known) return { name: `${enterprise}/${element}`, type: 'oct', skip: false }
  return { ...known, skip: known.name === 'paddingOctets' }
}

function isList(type: string): type is 'list' | 'sub' | 'multi' {
  return type === 'list' || type === 'sub' || type === 'multi'
}

const semantics = ['noneOf', 'exactlyOneOf', 'oneOrMoreOf', 'allOf', 'ordered']

/**
 * Structured data (RFC 6313 §4.5), or its octets in hex where it cannot be read:
 *
 *     basicList             semantic(1) E|element(2) length(2) [enterprise(4)] values
 *     subTemplateList       semantic(1) template(2) records
 *     subTemplateMultiList  semantic(1) { template(2) length(2) records }
 */
function listValue(
  type: 'list' | 'sub' | 'multi',
  view: DataView,
  at: number,
  length: number,
  version: number,
  lookup: TemplateLookup,
  depth: number,
): JsonValue {
  const end = at + length
  const octets = hexOf(view, at, end)
  if (depth >= listDepthMax || length < (type === 'multi' ? 1 : type === 'sub' ? 3 : 5)) return octets
  const code = view.getUint8(at)
  const semantic = semantics[code] ?? (code === 255 ? 'undefined' : code)
  if (type === 'list') {
    const field = listField(view, at + 1, end)
    if (!field) return octets
    const values = listRecords([field.field], view, field.next, end, version, lookup, depth)
    return values ? { semantic, values: values.flatMap(value => Object.values(value)), element: field.name } : octets
  }
  if (type === 'sub') {
    const id = view.getUint16(at + 1)
    const template = lookup(id)
    const records = template && listRecords(template.fields, view, at + 3, end, version, lookup, depth)
    return { semantic, templateId: id, records: records ?? hexOf(view, at + 3, end) }
  }
  const lists: JsonValue[] = []
  let position = at + 1
  while (position + 4 <= end) {
    const id = view.getUint16(position)
    const size = view.getUint16(position + 2)
    if (size < 4 || position + size > end) return octets
    const template = lookup(id)
    const records =
      template && listRecords(template.fields, view, position + 4, position + size, version, lookup, depth)
    lists.push({ templateId: id, records: records ?? hexOf(view, position + 4, position + size) })
    position += size
  }
  return { semantic, lists }
}

function listField(
  view: DataView,
  at: number,
  end: number,
): { field: TemplateField; name: string; next: number } | undefined {
  const element = view.getUint16(at)
  const own = element >= 0x8000
  if (own && at + 8 > end) return undefined
  const enterprise = own ? view.getUint32(at + 4) : 0
  const field = { enterprise, element: element & 0x7fff, length: view.getUint16(at + 2) }
  const name = elementOf(enterprise, field.element)?.name ?? `${enterprise}/${field.element}`
  return { field, name, next: at + (own ? 8 : 4) }
}

function listRecords(
  of: readonly TemplateField[],
  view: DataView,
  at: number,
  end: number,
  version: number,
  lookup: TemplateLookup,
  depth: number,
): RecordFields[] | undefined {
  const starts = new Int32Array(of.length)
  const lengths = new Int32Array(of.length)
  const records: RecordFields[] = []
  let position = at
  while (position < end) {
    const next = locateFields(of, view, position, end, starts, lengths)
    if (next <= position) return undefined
    records.push(recordFields(of, version, view, starts, lengths, lookup, depth + 1))
    position = next
  }
  return records
}
