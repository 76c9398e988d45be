import { niceMax } from '../state/axis.ts'
import { bitRate, duration } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Series } from './series.tsx'

/** The hour's traffic over all exporters: what a quiet wall shows instead of rows. */
export function Traffic({ view }: { view: WallView }) {
  const { traffic, trafficSpanMs, scale, verdict } = view
  if (verdict.tone === 'waiting') {
    return (
      <p class="first-poll">
        {view.frame.name === 'LIVE' ? 'Numbers appear with the first answers, rates with the second.' : ''}
      </p>
    )
  }
  const known = traffic.filter(point => point !== null)
  const max = niceMax(Math.max(...known, 1))
  const top = bitRate(max, scale)
  return (
    <div class="traffic">
      <p class="caption title">
        <span>Traffic in flows</span>
        <span>{known.length > 0 && `${top.figure} ${top.unit}`}</span>
      </p>
      <Series className="chart" points={traffic} max={max} line="--trend" area="--trend-area" lineRem={0.05} />
      <p class="caption time">
        <span>{duration(trafficSpanMs)} ago</span>
        <span>now</span>
      </p>
    </div>
  )
}
