import type { AlarmRow } from '../state/alarm-list.ts'
import { plural } from '../state/text.ts'
import { duration } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Where } from './name.tsx'
import { Shape } from './shape.tsx'
import { Traffic } from './traffic.tsx'
import { useRoom } from './use-room.ts'

/** Height of a row with its gap, in base letters; the sheet's `.alarm` has the same. */
export const alarmRowRem = 2.76

export function Alarms({ view, tenants, room }: { view: WallView; tenants: boolean; room: (rows: number) => void }) {
  const list = useRoom(alarmRowRem, room)
  const { rows } = view.list
  const free = list.current ? list.current.clientHeight : 0
  const rem = list.current ? Number.parseFloat(getComputedStyle(document.documentElement).fontSize) : 1
  const leftRem = free / rem - rows.length * alarmRowRem
  return (
    <section class="alarms" aria-label="Alarms">
      <div class="list" ref={list}>
        {rows.map(row => (
          <Row key={row.key} row={row} tenants={tenants} nowMs={view.serverNowMs} />
        ))}
        {(rows.length === 0 || leftRem > 5.2) && <Traffic view={view} />}
      </div>
      <Footer view={view} />
    </section>
  )
}

function Row({ row, tenants, nowMs }: { row: AlarmRow; tenants: boolean; nowMs: number }) {
  const cleared = row.status === 'cleared'
  return (
    <article class={`alarm ${row.severity} ${row.status}`} data-severity={row.severity} data-status={row.status}>
      <div class="grade">
        <span class="severity">
          <Shape severity={row.severity} hollow={row.status !== 'open'} />
          {cleared ? 'cleared' : row.severity}
        </span>
        <span class="since">{duration(nowMs - row.sinceMs)}</span>
      </div>
      <div class="body">
        <div class="line">
          <Where place={row.where} tenants={tenants} />
          {row.note && !cleared && <span class="note">{row.note}</span>}
        </div>
        <p class="evidence">
          <b>{row.what}</b>
          {row.evidence}
        </p>
        <p class="step">{row.nextStep}</p>
      </div>
    </article>
  )
}

function Footer({ view: { list } }: { view: WallView }) {
  const asides = [
    list.acknowledged > 0 && `${list.acknowledged} acknowledged`,
    list.silenced > 0 && `${list.silenced} silenced`,
    list.olderThanADay > 0 && `${list.olderThanADay} older than a day`,
  ].filter(Boolean)
  return (
    <footer class="more">
      {list.hidden > 0 ? (
        <strong>
          {list.hiddenCritical > 0 && <Shape severity="critical" />}+{list.hidden} more
          {list.hiddenCritical > 0 && `, ${list.hiddenCritical} critical`}
        </strong>
      ) : (
        <span>{list.open === 0 ? 'no open alarm' : plural(list.open, 'open alarm')}</span>
      )}
      <span class={list.silenced > 0 ? 'asides hatched' : 'asides'}>{asides.join(' · ')}</span>
    </footer>
  )
}
