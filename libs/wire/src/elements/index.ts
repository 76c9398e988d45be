import { enterpriseElements } from './enterprises.ts'
import { ianaElements } from './iana.ts'
import { netflow9Elements } from './netflow9.ts'
import { probeElements } from './probes.ts'

/** Abstract data types of RFC 7012 §3.1, short. `sub` and `multi` are the template lists of RFC 6313. */
export type ElementType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'bool'
  | 'mac'
  | 'ip4'
  | 'ip6'
  | 's'
  | 'ms'
  | 'us'
  | 'ns'
  | 'str'
  | 'oct'
  | 'list'
  | 'sub'
  | 'multi'

export interface InformationElement {
  name: string
  type: ElementType
}

/** The data types by the names that RFC 7012 §3.1 and RFC 6313 §4.1 give them. */
export const dataTypes: Readonly<Record<string, ElementType>> = {
  unsigned8: 'u8',
  unsigned16: 'u16',
  unsigned32: 'u32',
  unsigned64: 'u64',
  signed8: 'i8',
  signed16: 'i16',
  signed32: 'i32',
  signed64: 'i64',
  float32: 'f32',
  float64: 'f64',
  boolean: 'bool',
  macAddress: 'mac',
  ipv4Address: 'ip4',
  ipv6Address: 'ip6',
  dateTimeSeconds: 's',
  dateTimeMilliseconds: 'ms',
  dateTimeMicroseconds: 'us',
  dateTimeNanoseconds: 'ns',
  string: 'str',
  octetArray: 'oct',
  basicList: 'list',
  subTemplateList: 'sub',
  subTemplateMultiList: 'multi',
}

/** Elements that the user describes: by enterprise (0 IANA, `netflow9` for field types of v9 alone), then by id. */
export type ElementDefinitions = Readonly<Record<string, Readonly<Record<string, { name: string; type: string }>>>>

const defined = new Map<string, ReadonlyMap<number, InformationElement>>()

/**
 * Adds to the tables here, and overrules them: for makers and versions they do not know. Of the whole process, in place of
 * what an earlier call gave; call before the first datagram, since names are looked up once a template.
 */
export function defineElements(definitions: ElementDefinitions): void {
  defined.clear()
  for (const [enterprise, elements] of Object.entries(definitions)) {
    const entries = Object.entries(elements).map(([id, { name, type }]): [number, InformationElement] => [
      Number(id),
      { name, type: dataTypes[type] ?? 'oct' },
    ])
    defined.set(enterprise, new Map(entries))
  }
}

const reverseEnterprise = 29_305
const cert = 6_871
const cisco = 9
const ntop = 35_632
/** Where nProbe begins with ntop's elements in NetFlow v9. */
const ntopInNetflow9 = 57_472

/** Scope types of NetFlow v9 (RFC 3954 §6.1). */
const scopes: Readonly<Record<number, string>> = {
  1: 'scopeSystem',
  2: 'scopeInterface',
  3: 'scopeLineCard',
  4: 'scopeCache',
  5: 'scopeTemplate',
}

const parsed = new Map<string, Map<number, InformationElement>>()

/** Tables are parsed when first asked for: a collector that never prints a record never pays. */
function table(name: string, text: string): Map<number, InformationElement> {
  let elements = parsed.get(name)
  if (!elements) {
    elements = new Map()
    for (const line of text.trim().split('\n')) {
      const [id, element, type] = line.split(' ') as [string, string, ElementType]
      elements.set(Number(id), { name: element, type })
    }
    parsed.set(name, elements)
  }
  return elements
}

/** An element of IPFIX; undefined when no table here has it. */
export function elementOf(enterprise: number, element: number): InformationElement | undefined {
  const own = defined.size > 0 ? defined.get(String(enterprise))?.get(element) : undefined
  if (own) return own
  if (enterprise === 0) return table('iana', ianaElements).get(element)
  if (enterprise === reverseEnterprise) return reversed(elementOf(0, element))
  const text = enterpriseElements[enterprise] ?? probeElements[enterprise]
  if (text === undefined) return undefined
  const elements = table(String(enterprise), text)
  const known = elements.get(element)
  // CERT marks its reverse elements with the highest bit but one (RFC 5103 §6.2).
  if (!known && enterprise === cert && element >= 0x4000) return reversed(elements.get(element & 0x3fff))
  return known
}

/** A field type of NetFlow v9: the numbers are IANA's, with makers' own above. */
export function netflow9ElementOf(type: number): InformationElement | undefined {
  const own = defined.get('netflow9')?.get(type) ?? table('netflow9', netflow9Elements).get(type) ?? elementOf(0, type)
  if (own || type < 0x8000) return own
  // nProbe adds ntop's elements from 57,472 on; Cisco puts its enterprise elements behind the high bit.
  return (
    (type >= ntopInNetflow9 ? elementOf(ntop, type - ntopInNetflow9) : undefined) ?? elementOf(cisco, type & 0x7fff)
  )
}

export function scopeElementOf(type: number, length: number): InformationElement {
  return { name: scopes[type] ?? `scope/${type}`, type: length <= 8 ? 'u64' : 'oct' }
}

function reversed(element: InformationElement | undefined): InformationElement | undefined {
  return element && { name: `reverse${element.name[0]!.toUpperCase()}${element.name.slice(1)}`, type: element.type }
}
