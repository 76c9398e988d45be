import { clockTime } from '../state/units.ts'
import type { Verdict } from '../state/verdict.ts'
import type { WallView } from '../state/wall-view.ts'
import { Shape } from './shape.tsx'

export function Headline({ view, beat }: { view: WallView; beat: number }) {
  const { verdict, frame, serverNowMs, drift } = view
  return (
    <header class="headline">
      <div class={`verdict ${verdict.tone}`} data-tone={verdict.tone}>
        <Mark verdict={verdict} />
        <strong>{verdict.headline}</strong>
        <Explanation verdict={verdict} />
      </div>
      <div class="state" data-frame={frame.name}>
        <span class="word">
          <i class={`beat ${beat % 2 ? 'odd' : 'even'}`} />
          {frame.name}
        </span>
        <span class="detail">{view.notice || frame.detail || drift}</span>
      </div>
      <div class="clock">
        <time>
          {clockTime(serverNowMs, 'utc')}
          <small>UTC</small>
        </time>
        <span class={`local${drift ? ' drifting' : ''}`}>
          {drift && frame.detail ? drift : `${clockTime(serverNowMs, 'local', false)} local`}
        </span>
      </div>
    </header>
  )
}

function Mark({ verdict: { tone } }: { verdict: Verdict }) {
  if (tone === 'calm') return <i class="mark calm" />
  if (tone === 'waiting' || tone === 'dead') return <i class={`mark ${tone}`} />
  return <Shape severity={tone} />
}

function Explanation({ verdict: { where, moreSites, detail } }: { verdict: Verdict }) {
  if (where.length === 0) return <span class="explanation quiet">{detail}</span>
  return (
    <span class="explanation">
      {where.map((words, index) => (
        <bdi key={words}>
          <span class="words">{words}</span>
          {index === where.length - 1 && moreSites > 0 && <em>+{moreSites}</em>}
        </bdi>
      ))}
    </span>
  )
}
