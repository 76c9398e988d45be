import { useLayoutEffect, useRef } from 'preact/hooks'
import { type RateChart, type RateSeries, rateChart } from '../screen/rate-chart.ts'

/** The wall's one large chart; drawn again only when a point, the unit, the span or its size changed. */
export function Chart(series: RateSeries) {
  const element = useRef<HTMLDivElement>(null)
  const chart = useRef<RateChart | null>(null)
  const latest = useRef(series)
  latest.current = series
  const { points, spanMs, scale } = series
  const signature = `${spanMs} ${scale.unit} ${points.map(point => point?.toPrecision(3) ?? '').join()}`

  useLayoutEffect(() => {
    const own = element.current
    if (!own) return
    chart.current = rateChart(own, latest.current)
    // The first observation comes at once, with the size the sheet gave.
    const observer = new ResizeObserver(() => chart.current?.resize())
    observer.observe(own)
    return () => {
      observer.disconnect()
      chart.current?.destroy()
      chart.current = null
    }
  }, [])

  useLayoutEffect(() => chart.current?.show(latest.current), [signature])

  return <div class="chart" ref={element} />
}
