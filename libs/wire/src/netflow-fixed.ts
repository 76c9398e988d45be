import { makeTemplate, type Template } from './template.ts'
import type { TemplateField } from './template-field.ts'

/**
 * NetFlow v1, v5 and v7 have one record layout each, so each is a template that everybody knows: they run through the
 * same plans as v9. Layouts: Cisco, NetFlow Services Solutions Guide, appendix B. `0` pads.
 *
 *     v1 header  version(2) count(2) sysUptime(4) seconds(4) nanoseconds(4)
 *     v5 header  … flowSequence(4) engineType(1) engineId(1) sampling(2)
 *     v7 header  … flowSequence(4) reserved(4)
 */
export interface FixedProtocol {
  name: string
  headerLength: number
  template: Template
}

const pad = (length: number): [number, number] => [0, length]

/** Element and length, in order. */
const addresses: [number, number][] = [
  [8, 4],
  [12, 4],
  [15, 4],
  [10, 2],
  [14, 2],
  [2, 4],
  [1, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
]

const autonomousSystems: [number, number][] = [
  [16, 2],
  [17, 2],
  [9, 1],
  [13, 1],
]

const layouts: Record<number, [number, number][]> = {
  1: [...addresses, pad(2), [4, 1], [5, 1], [6, 1], pad(1), pad(2), pad(4)],
  5: [...addresses, pad(1), [6, 1], [4, 1], [5, 1], ...autonomousSystems, pad(2)],
  // Two octets of flags beside the masks, then the router whose work the switch took over (IE 43, ipv4RouterSc).
  7: [...addresses, pad(1), [6, 1], [4, 1], [5, 1], ...autonomousSystems, pad(2), [43, 4]],
}

/** Octets that mean nothing: an enterprise no registry has. */
export const paddingEnterprise = -2

function fixedTemplate(version: number): Template {
  const fields: TemplateField[] = layouts[version]!.map(([element, length]) => ({
    enterprise: element === 0 ? paddingEnterprise : 0,
    element,
    length,
  }))
  const template = makeTemplate(256, false, 0, fields, { fieldsMax: 64, recordLengthMax: 64 })
  if (typeof template === 'string') throw new Error(`NetFlow v${version} layout: ${template}`)
  return template
}

export const fixedProtocols: Readonly<Record<number, FixedProtocol>> = {
  1: { name: 'netflow1', headerLength: 16, template: fixedTemplate(1) },
  5: { name: 'netflow5', headerLength: 24, template: fixedTemplate(5) },
  7: { name: 'netflow7', headerLength: 24, template: fixedTemplate(7) },
}

/** v5's sampling field: mode in two bits, interval in fourteen. An interval without a mode is meant, as nfdump holds too. */
export function fixedSamplingRate(field: number): number {
  const interval = field & 0x3fff
  if (interval > 0) return interval
  return field >>> 14 === 0 ? 1 : 0
}
