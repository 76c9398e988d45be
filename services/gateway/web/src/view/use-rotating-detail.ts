import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** What a row's two small lines show: a line of each, or two lines of one. */
type Face = 'both' | 'whole-evidence' | 'whole-step'

/** Long enough to read two lines from five metres. */
const faceMs = 8_000

/**
 * Shows evidence and next step on one line each, and in turn on two lines whichever does not fit on one: at ten minutes
 * of arc a sentence is longer than a row.
 */
export function useRotatingDetail(text: string, nowMs: number) {
  const detail = useRef<HTMLDivElement>(null)
  const [cut, setCut] = useState({ evidence: false, step: false })
  const faces: Face[] = [
    'both',
    ...(cut.evidence ? ['whole-evidence' as const] : []),
    ...(cut.step ? ['whole-step' as const] : []),
  ]
  const face = faces[Math.floor(nowMs / faceMs) % faces.length]!

  // Another text, face or second is another layout.
  useLayoutEffect(() => {
    const element = detail.current
    if (!element || face !== 'both') return
    const isCut = (selector: string) => {
      const line = element.querySelector(selector)
      return line !== null && line.scrollWidth > line.clientWidth + 1
    }
    const next = { evidence: isCut('.evidence bdi'), step: isCut('.step bdi') }
    if (next.evidence !== cut.evidence || next.step !== cut.step) setCut(next)
  }, [text, face, nowMs])

  return { detail, face }
}
