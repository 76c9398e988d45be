import { type Advisory, advisorySchema } from '../../../../libs/detect/src/index.ts'

/** What a list of another shape says of its own does not always name vendor and operating system as Weir does. */
export interface ImportHints {
  vendor?: string | undefined
  os?: string | undefined
}

export interface Imported {
  advisories: Advisory[]
  /** What was left out, one sentence each. */
  skipped: string[]
}

/** Adds an entry, or says why it is none. */
export function take(into: Imported, entry: unknown, name: string): void {
  const found = advisorySchema.safeParse(entry)
  if (found.success) into.advisories.push(found.data)
  else {
    const problems = found.error.issues.map(
      ({ path, message }) => `${path.join('.')}${path.length > 0 ? ': ' : ''}${message}`,
    )
    into.skipped.push(`${name}: ${problems.join('; ')}`)
  }
}

/** `os` of Weir's device profiles by words of products' names; the first that fits. */
const osByProduct: readonly (readonly [RegExp, string])[] = [
  [/ios[ -]?xe/i, 'iosxe'],
  [/ios[ -]?xr/i, 'iosxr'],
  [/nx-?os/i, 'nxos'],
  [/adaptive security appliance|\bASA\b/i, 'asa'],
  [/\bios\b/i, 'ios'],
  [/junos.*evo/i, 'junos-evolved'],
  [/junos/i, 'junos'],
  [/fortios|fortigate/i, 'fortigate'],
  [/pan-?os/i, 'panos'],
  [/routeros/i, 'routeros'],
  [/\beos\b/i, 'arista_eos'],
  [/aos-cx|arubaos-cx/i, 'arubaos-cx'],
  [/arubaos-?switch|provision/i, 'procurve'],
  [/arubaos|aruba operating system/i, 'arubaos'],
  [/comware/i, 'comware'],
  [/\bvrp\b/i, 'vrp'],
  [/extremexos|\bexos\b/i, 'xos'],
  [/sonicos/i, 'sonicwall'],
  [/fastiron/i, 'fastiron'],
  [/fabric os/i, 'fabos'],
  [/sr ?os|timos/i, 'timos'],
  [/diskstation|\bdsm\b/i, 'dsm'],
]

/** The operating system that a product's name stands for; undefined where none is known. */
export function osOf(product: string, hints: ImportHints): string | undefined {
  return hints.os ?? osByProduct.find(([words]) => words.test(product))?.[1]
}

/** A range of one lower and one upper bound; undefined where there is neither. */
export function rangeText(
  from: string | undefined,
  below: string | undefined,
  upTo: string | undefined,
): string | undefined {
  const isOpen = from === undefined || /^(0|\*|-|n\/a|unspecified|all)$/i.test(from.trim()) || from.trim() === ''
  const lower = isOpen ? [] : [`>=${from.trim()}`]
  const limit = below ?? upTo
  if (limit === undefined) return undefined
  // `9.1.*` as an upper bound: the whole of 9.1.
  if (/[*x]$/.test(limit)) return limit.endsWith('.*') || limit.endsWith('.x') ? limit : undefined
  return [...lower, `${below === undefined ? '<=' : '<'}${limit.trim()}`].join(' ')
}
