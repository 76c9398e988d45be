import type { WallView } from '../state/wall-view.ts'

/** What comes before every alarm: that monitoring itself does not see, or that there is more than anybody can read. */
export function Banner({ view: { blind, flood, frame }, problems }: { view: WallView; problems: readonly string[] }) {
  if (blind && frame.name !== 'DISCONNECTED') {
    return (
      <div class={`banner ${blind.level}`} role="alert">
        <strong>{blind.level === 'blind' ? 'MONITORING IS BLIND' : 'PARTLY BLIND'}</strong>
        <span>{blind.reasons.join(' · ')}</span>
      </div>
    )
  }
  if (flood.active) {
    return (
      <div class="banner flood" role="alert">
        <strong>ALARM FLOOD</strong>
        <span>{flood.newAlarms} new in 10 min, grouped by site</span>
      </div>
    )
  }
  if (problems.length > 0) {
    return (
      <div class="banner hint">
        <strong>SCREEN</strong>
        <span>{problems.join(' · ')}</span>
      </div>
    )
  }
  return null
}
