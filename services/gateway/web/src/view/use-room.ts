import { useLayoutEffect, useRef } from 'preact/hooks'

/** Tells how many rows of the sheet's `--row` fit into the element, whenever its size changes. */
export function useRoom(tell: (rows: number) => void) {
  const element = useRef<HTMLDivElement>(null)
  const latest = useRef(tell)
  latest.current = tell
  useLayoutEffect(() => {
    const watched = element.current
    if (!watched) return
    const observer = new ResizeObserver(() => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const rowRem = Number.parseFloat(getComputedStyle(watched).getPropertyValue('--row'))
      // Half a pixel: sizes in vh are fractions, and a row that fits must not be lost to rounding.
      latest.current(Math.max(0, Math.floor((watched.clientHeight + 0.5) / (rowRem * rem))))
    })
    observer.observe(watched)
    return () => observer.disconnect()
  }, [])
  return element
}
