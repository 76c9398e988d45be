import { headlineEdge, pixelShift, pixelShiftEveryMs } from '../state/pixel-shift.ts'
import { fittedFontShare, type Screen } from '../state/screen.ts'

/** Sets theme, edge and the size of the base letter (the root's font size; every length of the sheet is in `rem`). */
export function fitScreen(screen: Screen): { tooFar(): boolean } {
  const root = document.documentElement
  root.dataset.theme = screen.theme
  root.dataset.edge = headlineEdge(screen.edge, Date.now() - new Date().getTimezoneOffset() * 60_000)
  let tooFar = false
  const size = () => {
    const fitted = fittedFontShare(screen, innerWidth, innerHeight)
    tooFar = fitted.tooFar
    // Few lines: what the headline and the rows name is not named again.
    root.dataset.lines = 1 / fitted.share < 18 && innerWidth > innerHeight ? 'few' : 'many'
    root.style.setProperty('font-size', `${(fitted.share * 100).toFixed(4)}vh`)
  }
  const shift = () => {
    const { x, y } = pixelShift(Date.now())
    root.style.setProperty('--shift-x', `${x}px`)
    root.style.setProperty('--shift-y', `${y}px`)
  }
  addEventListener('resize', size)
  setInterval(shift, pixelShiftEveryMs)
  size()
  shift()
  return { tooFar: () => tooFar }
}
