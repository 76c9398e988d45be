import type { SoundState } from '../screen/sound.ts'
import type { Vital } from '../state/vitals.ts'
import { Series } from './series.tsx'

export function Vitals({ vitals, sound }: { vitals: readonly Vital[]; sound: SoundState }) {
  return (
    <section class="vitals" aria-label="Vital signs">
      {vitals.map(vital => (
        <Tile key={vital.key} vital={vital} />
      ))}
      {(sound === 'blocked' || sound === 'absent') && (
        <div class="vital warn" data-vital="sound">
          <b class="words">{sound === 'blocked' ? 'SOUND BLOCKED' : 'NO SOUND'}</b>
          <em>by the browser</em>
        </div>
      )}
    </section>
  )
}

function Tile({ vital }: { vital: Vital }) {
  return (
    <div class={`vital ${vital.tone}`} data-vital={vital.key}>
      <span class="label">
        {vital.label}
        {vital.trend && (
          <Series
            className="trend"
            points={vital.trend}
            max={Math.max(...vital.trend.map(point => point ?? 0), 1e-9) * 1.1}
            line="--trend"
            area="--none"
            lineRem={0.045}
          />
        )}
      </span>
      <span class="value">
        <b>{vital.figure}</b>
        <small>{vital.unit}</small>
      </span>
      <em>{vital.context}</em>
    </div>
  )
}
