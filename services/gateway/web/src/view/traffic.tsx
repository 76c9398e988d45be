import { niceMax } from '../state/axis.ts'
import { bitRate, duration } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Series } from './series.tsx'

/** The hour's traffic over all exporters: what a quiet wall shows instead of rows. */
export function Traffic({ view }: { view: WallView }) {
  const { traffic, trafficSinceMs, scale, list, lastClearedMs, serverNowMs, verdict } = view
  if (verdict.tone === 'waiting') return <div class="traffic waiting" />
  const known = traffic.filter(point => point !== null)
  const max = niceMax(Math.max(...known, 1))
  const top = bitRate(max, scale)
  return (
    <div class="traffic">
      <p class="caption">
        <span>
          {list.open === 0
            ? lastClearedMs === null
              ? 'No alarm in the last hour'
              : `Last alarm cleared ${duration(serverNowMs - lastClearedMs)} ago`
            : 'Traffic in flows'}
        </span>
        <span class="axis">
          {top.figure} {top.unit}
        </span>
      </p>
      <Series className="chart" points={traffic} max={max} line="--trend" area="--trend-area" lineRem={0.05} />
      <p class="caption time">
        <span>60 m ago</span>
        <span>
          {known.length < 60 && trafficSinceMs !== null ? `seen for ${duration(serverNowMs - trafficSinceMs)}` : ''}
        </span>
        <span>now</span>
      </p>
    </div>
  )
}
