import type { Severity } from '../../../../../libs/model/src/index.ts'

/** Silhouettes that differ at five metres and without colour: diamond, triangle, square, disc. */
const outlines: Record<Severity, string> = {
  critical: 'M12 0 24 12 12 24 0 12Z',
  major: 'M12 1.500 24 22.500H0Z',
  minor: 'M2.500 2.500h19v19h-19Z',
  warning: 'M12 2a10 10 0 1 0 .010 0Z',
}

export function Shape({ severity, hollow = false }: { severity: Severity; hollow?: boolean }) {
  return (
    <svg class={`shape ${severity}${hollow ? ' hollow' : ''}`} viewBox="-2 -2 28 28" role="img" aria-label={severity}>
      <path d={outlines[severity]} />
    </svg>
  )
}
