import { type ParsedVersion, parseVersion } from './version-schemes.ts'

/**
 * Which of two versions of one operating system came first: negative when `a` did, 0 when they are the same release,
 * undefined when it cannot be told. What cannot be told is never guessed: it would be a false finding.
 */
export function compareVersions(os: string, a: string, b: string): number | undefined {
  const [one, other] = [parseVersion(os, a), parseVersion(os, b)]
  if (!one || !other) return a.trim() === b.trim() ? 0 : undefined
  return compareParsed(one, other)
}

function compareParsed(a: ParsedVersion, b: ParsedVersion): number | undefined {
  const eras = (a.era ?? 0) - (b.era ?? 0)
  if (eras !== 0) return Math.sign(eras)
  if (a.line !== b.line && a.line !== '' && b.line !== '') return undefined
  for (let i = 0; i < Math.max(a.parts.length, b.parts.length); i++) {
    const difference = (a.parts[i] ?? 0) - (b.parts[i] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  if ((a.rest ?? '') !== (b.rest ?? '')) return undefined
  return a.build === undefined || b.build === undefined ? 0 : Math.sign(a.build - b.build)
}

/** Whether two are one release. Two that are read and have no order are two: they are of different lines. */
export function isSameVersion(os: string, a: string, b: string): boolean | undefined {
  const order = compareVersions(os, a, b)
  if (order !== undefined) return order === 0
  return parseVersion(os, a) && parseVersion(os, b) ? false : undefined
}

/** Whether a version is one of `21.4.x`: of the same line, with the same leading numbers. */
export function hasPrefix(os: string, version: string, prefix: string): boolean | undefined {
  const [one, lead] = [parseVersion(os, version), parseVersion(os, prefix)]
  if (!one || !lead) return undefined
  if (one.line !== lead.line && one.line !== '' && lead.line !== '') return undefined
  if ((one.era ?? 0) !== (lead.era ?? 0)) return false
  const length = (prefix.match(/\d+/g) ?? []).length
  return lead.parts.slice(0, length).every((part, i) => part === (one.parts[i] ?? 0))
}
