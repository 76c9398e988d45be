import { type LinkRow, lastMinutes, linkSpanMinutes } from '../state/links.ts'
import { duration } from '../state/units.ts'
import { Name, Which, Whose } from './name.tsx'
import { Series } from './series.tsx'
import { useRoom } from './use-room.ts'

export interface LinksProps {
  links: readonly LinkRow[]
  tenants: boolean
  room(rows: number): void
}

export function Links({ links, tenants, room }: LinksProps) {
  const list = useRoom(room)
  const minutes = linkSpanMinutes(links)
  return (
    <section class="links" aria-label="Fullest links">
      <h2>
        <span>Fullest links</span>
        <span>{minutes} min, 0–100 %</span>
      </h2>
      <div class="rows" ref={list}>
        {links.map(link => (
          <Row key={link.key} link={link} tenants={tenants} minutes={minutes} />
        ))}
        {links.length === 0 && <p class="rest">no rate yet</p>}
      </div>
    </section>
  )
}

function Row({ link, tenants, minutes }: { link: LinkRow; tenants: boolean; minutes: number }) {
  const { freshness, down, level } = link
  const tone = freshness.stale ? 'stale' : down ? 'down' : level
  return (
    <div class={`link ${tone}`} data-tone={tone}>
      <p class="line">
        <Which place={link.where} />
        <span class="figure">{down ? 'down' : link.figure}</span>
      </p>
      <p class="about">
        <span class="words">
          <Whose place={link.where} tenants={tenants} />
          <Name text={link.alias} kind="alias" />
        </span>
        <span class="rate">
          {freshness.stale
            ? `stale ${duration(freshness.ageMs ?? 0)}`
            : link.impossible
              ? 'counter reset?'
              : `${link.direction} ${link.rate}`}
        </span>
      </p>
      <div class="hour">
        <Series
          className="spark"
          points={lastMinutes(link.history, minutes)}
          max={1.05}
          mark={1}
          line={
            freshness.stale ? '--faint' : level === 'full' ? '--critical' : level === 'high' ? '--major' : '--trend'
          }
          area={freshness.stale ? '--none' : '--trend-area'}
          lineRem={0.05}
        />
      </div>
    </div>
  )
}
