import { bitRate } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Chart } from './chart.tsx'

/** The hour's traffic over all exporters: what a quiet wall shows instead of rows. */
export function Traffic({ view }: { view: WallView }) {
  const { traffic, trafficSpanMs, scale, verdict, serverNowMs } = view
  if (verdict.tone === 'waiting') {
    return (
      <p class="first-poll">
        {view.frame.name === 'LIVE' ? 'Numbers appear with the first answers, rates with the second.' : ''}
      </p>
    )
  }
  return (
    <div class="traffic">
      <p class="caption">
        <span class="title">Traffic in flows</span>
        <span>{bitRate(null, scale).unit}, time in UTC</span>
      </p>
      <Chart points={traffic} spanMs={trafficSpanMs} endMs={serverNowMs} scale={scale} />
    </div>
  )
}
