import type { SoundState } from '../screen/sound.ts'
import type { Screen } from '../state/screen.ts'
import type { WallView } from '../state/wall-view.ts'
import { Alarms } from './alarms.tsx'
import { Banner } from './banner.tsx'
import { Headline } from './headline.tsx'
import { Links } from './links.tsx'
import { Sites } from './sites.tsx'
import { Vitals } from './vitals.tsx'

export interface WallProps {
  view: WallView
  screen: Screen
  /** Counts frames that came from the gateway: the beat stands still when they do. */
  beat: number
  sound: SoundState
  /** A new critical came within the last seconds. */
  pulsing: boolean
  problems: readonly string[]
  /** Rows of alarms there is room for. */
  alarmRows: number
  alarmRoom(rows: number): void
  linkRoom(rows: number): void
}

export function Wall({ view, screen, beat, sound, pulsing, problems, alarmRows, alarmRoom, linkRoom }: WallProps) {
  const tenants = screen.tenant === undefined
  return (
    <main class={`wall${pulsing ? ' pulsing' : ''}`} data-frame={view.frame.name}>
      <Headline view={view} beat={beat} />
      <Banner view={view} problems={problems} />
      <div class="panels">
        <Alarms view={view} tenants={tenants} rowsMax={alarmRows} room={alarmRoom} />
        <Sites view={view} tenants={tenants} />
        <Links links={view.links} tenants={tenants} room={linkRoom} />
      </div>
      <Vitals vitals={view.vitals} sound={sound} />
    </main>
  )
}
