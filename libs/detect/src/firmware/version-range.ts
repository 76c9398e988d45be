import { compareVersions, hasPrefix, isSameVersion } from './version-order.ts'

/** One comparison of a range. */
interface Comparator {
  operator: '<' | '<=' | '>' | '>=' | '=' | '.x'
  version: string
}

/** Alternatives, of which each is a list of comparisons that all hold. */
export type VersionRange = readonly (readonly Comparator[])[]

/** Longer ones are a mistake. */
const textMax = 1_024

/**
 * Reads `>=21.2R1 <21.2R3-S6 || >=21.4R1 <21.4R3-S2`, a plain version, `16.9.x`, or `*`. A version may hold spaces
 * (`v7.2.5 build1517`); commas may stand between comparisons.
 * @returns the problem in words where it is none
 */
export function parseRange(text: string): VersionRange | string {
  if (text.length > textMax) return `a range has ${textMax} characters at most`
  const alternatives: Comparator[][] = []
  for (const alternative of text.split('||')) {
    const trimmed = alternative.trim()
    if (trimmed === '') return `"${text}" has an empty alternative`
    if (trimmed === '*') {
      alternatives.push([])
      continue
    }
    const comparators: Comparator[] = []
    for (const [, operator = '', words = ''] of trimmed.matchAll(/(>=|<=|>|<|=|^)([^<>=]*)/g)) {
      const version = words.replace(/,\s*$/, '').trim()
      if (version === '') return `"${trimmed}" names no version after "${operator}"`
      comparators.push(comparatorOf(operator, version))
    }
    alternatives.push(comparators)
  }
  return alternatives
}

function comparatorOf(operator: string, version: string): Comparator {
  if (operator !== '') return { operator: operator as Comparator['operator'], version }
  const prefix = /^(.*)\.[x*]$/.exec(version)
  return prefix ? { operator: '.x', version: prefix[1]! } : { operator: '=', version }
}

/** Whether a version lies in a range; undefined when it cannot be told. */
export function inRange(os: string, version: string, range: VersionRange): boolean | undefined {
  let result: boolean | undefined = false
  for (const comparators of range) {
    const holds = allHold(os, version, comparators)
    if (holds === true) return true
    if (holds === undefined) result = undefined
  }
  return result
}

function allHold(os: string, version: string, comparators: readonly Comparator[]): boolean | undefined {
  let result: boolean | undefined = true
  for (const { operator, version: limit } of comparators) {
    const holds = operator === '.x' ? hasPrefix(os, version, limit) : compared(os, version, operator, limit)
    if (holds === false) return false
    if (holds === undefined) result = undefined
  }
  return result
}

function compared(
  os: string,
  version: string,
  operator: Exclude<Comparator['operator'], '.x'>,
  limit: string,
): boolean | undefined {
  if (operator === '=') return isSameVersion(os, version, limit)
  const order = compareVersions(os, version, limit)
  if (order === undefined) return undefined
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
