export interface Painting {
  points: readonly (number | null)[]
  /** The value at the top edge. */
  max: number
  /** CSS custom properties of the line and of the area below it. */
  line: string
  area: string
  /** Value of a dashed line across, such as a link's speed. */
  mark?: number | undefined
  lineRem: number
}

/**
 * Draws a series on a canvas in device pixels. A null is a gap: the line stops and starts again, a point between two
 * gaps is a dot. Axis 0 is the lower edge.
 */
export function paintSeries(canvas: HTMLCanvasElement, { points, max, line, area, mark, lineRem }: Painting): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const { width, height } = sizeToPixels(canvas)
  const style = getComputedStyle(canvas)
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * devicePixelRatio
  const lineWidth = Math.max(1, lineRem * rem)
  const inset = lineWidth / 2
  const x = (index: number) => inset + (index / Math.max(1, points.length - 1)) * (width - lineWidth)
  const y = (value: number) => height - inset - Math.min(1, Math.max(0, value / max)) * (height - lineWidth)

  context.clearRect(0, 0, width, height)
  if (mark !== undefined && mark <= max) {
    context.setLineDash([lineWidth * 2, lineWidth * 3])
    context.strokeStyle = style.getPropertyValue('--faint')
    context.lineWidth = Math.max(1, lineWidth / 2)
    context.beginPath()
    context.moveTo(0, y(mark))
    context.lineTo(width, y(mark))
    context.stroke()
    context.setLineDash([])
  }
  context.fillStyle = style.getPropertyValue(area)
  context.strokeStyle = style.getPropertyValue(line)
  context.lineWidth = lineWidth
  context.lineJoin = 'round'
  context.lineCap = 'round'
  for (const run of unbroken(points)) {
    const last = run[run.length - 1]!
    context.beginPath()
    context.moveTo(x(run[0]!.index), height)
    for (const { index, value } of run) context.lineTo(x(index), y(value))
    context.lineTo(x(last.index), height)
    context.fill()
    context.beginPath()
    context.moveTo(x(run[0]!.index), y(run[0]!.value))
    for (const { index, value } of run) context.lineTo(x(index), y(value))
    if (run.length === 1) context.lineTo(x(last.index) + 0.01, y(last.value))
    context.stroke()
  }
}

function unbroken(points: readonly (number | null)[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = []
  let run: { index: number; value: number }[] = []
  for (const [index, value] of points.entries()) {
    if (value === null) {
      if (run.length) runs.push(run)
      run = []
    } else run.push({ index, value })
  }
  if (run.length) runs.push(run)
  return runs
}

function sizeToPixels(canvas: HTMLCanvasElement): { width: number; height: number } {
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio))
  const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio))
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  return { width, height }
}
