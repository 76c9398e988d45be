import type { AlarmRow } from '../state/alarm-list.ts'
import { plural } from '../state/text.ts'
import { duration } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Where } from './name.tsx'
import { Shape } from './shape.tsx'
import { Traffic } from './traffic.tsx'
import { useRoom } from './use-room.ts'
import { useRotatingDetail } from './use-rotating-detail.ts'

export interface AlarmsProps {
  view: WallView
  tenants: boolean
  /** Rows there is room for. */
  rowsMax: number
  room(rows: number): void
}

export function Alarms({ view, tenants, rowsMax, room }: AlarmsProps) {
  const list = useRoom(room)
  const { rows } = view.list
  return (
    <section class="alarms" aria-label="Alarms">
      <div class="list" ref={list}>
        {rows.map(row => (
          <Row key={row.key} row={row} tenants={tenants} nowMs={view.serverNowMs} />
        ))}
        {(rows.length === 0 || rows.length + 2 <= rowsMax) && <Traffic view={view} />}
      </div>
      <Footer view={view} />
    </section>
  )
}

function Row({ row, tenants, nowMs }: { row: AlarmRow; tenants: boolean; nowMs: number }) {
  const cleared = row.status === 'cleared'
  const { detail, face } = useRotatingDetail(`${row.evidence}${row.nextStep}`, nowMs)
  return (
    <article class={`alarm ${row.severity} ${row.status}`} data-severity={row.severity} data-status={row.status}>
      <div class="grade">
        <span class="severity">
          <Shape severity={row.severity} hollow={row.status !== 'open'} />
          {cleared ? 'cleared' : row.severity}
        </span>
        <span class="since">{duration(nowMs - row.sinceMs)}</span>
      </div>
      <div class={`body ${face}`} ref={detail}>
        <div class="line">
          <Where place={row.where} tenants={tenants} />
          {row.note && !cleared && <span class="note">{row.note}</span>}
        </div>
        <p class="evidence">
          <b>{row.what}</b>
          <bdi>{row.evidence}</bdi>
          {row.expected && <em>{row.expected}</em>}
        </p>
        {row.nextStep && (
          <p class="step">
            <bdi>{row.nextStep}</bdi>
          </p>
        )}
      </div>
    </article>
  )
}

function Footer({ view: { list, lastClearedMs, serverNowMs, verdict } }: { view: WallView }) {
  const asides = [
    list.open === 0 && lastClearedMs !== null && `last cleared ${duration(serverNowMs - lastClearedMs)} ago`,
    list.acknowledged > 0 && `${list.acknowledged} ack`,
    list.silenced > 0 && `${list.silenced} silenced`,
    list.olderThanADay > 0 && `${list.olderThanADay} over a day`,
  ].filter(Boolean)
  return (
    <footer class="more">
      {list.hidden > 0 ? (
        <strong>
          {list.hiddenCritical > 0 && <Shape severity="critical" />}+{list.hidden} more
          {list.hiddenCritical > 0 && `, ${list.hiddenCritical} critical`}
        </strong>
      ) : (
        <span>
          {list.open > 0 ? plural(list.open, 'open alarm') : verdict.tone === 'waiting' ? '' : 'No open alarm'}
        </span>
      )}
      <span class={list.silenced > 0 ? 'asides hatched' : 'asides'}>{asides.join(' · ')}</span>
    </footer>
  )
}
