import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Painting, paintSeries } from '../screen/paint.ts'

/** A canvas that is painted again only when its points, its colours or its size changed. */
export function Series({ className, ...painting }: Painting & { className: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const latest = useRef(painting)
  latest.current = painting
  const { points, max, line, mark } = painting
  const signature = `${line} ${mark} ${max.toPrecision(3)} ${points.map(point => point?.toPrecision(3) ?? '').join()}`

  useLayoutEffect(() => {
    if (canvas.current) paintSeries(canvas.current, latest.current)
  }, [signature])

  useLayoutEffect(() => {
    const element = canvas.current
    if (!element) return
    const observer = new ResizeObserver(() => paintSeries(element, latest.current))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  return <canvas class={className} ref={canvas} />
}
