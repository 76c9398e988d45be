import type { LinkRow } from '../state/links.ts'
import { duration } from '../state/units.ts'
import { Name } from './name.tsx'
import { Series } from './series.tsx'
import { useRoom } from './use-room.ts'

export interface LinksProps {
  links: readonly LinkRow[]
  tenants: boolean
  room(rows: number): void
}

export function Links({ links, tenants, room }: LinksProps) {
  const list = useRoom(room)
  return (
    <section class="links" aria-label="Fullest links">
      <h2>
        <span>Fullest links</span>
        <span>60 min, 0–100 %</span>
      </h2>
      <div class="rows" ref={list}>
        {links.map(link => (
          <Row key={link.key} link={link} tenants={tenants} />
        ))}
        {links.length === 0 && <p class="rest">no rate yet</p>}
      </div>
    </section>
  )
}

function Row({ link, tenants }: { link: LinkRow; tenants: boolean }) {
  const { freshness, down, level } = link
  const tone = freshness.stale ? 'stale' : down ? 'down' : level
  return (
    <div class={`link ${tone}`} data-tone={tone}>
      <p class="line">
        <span class="which">
          <Name text={link.where.device} kind="device" />
          <Name text={link.where.part} kind="part" />
        </span>
        <span class="figure">{down ? 'down' : link.figure}</span>
      </p>
      <p class="about">
        {tenants && <Name text={link.where.tenant} kind="tenant" />}
        <Name text={link.where.site} kind="site" />
        <Name text={link.alias} kind="alias" />
      </p>
      <p class="hour">
        <Series
          className="spark"
          points={link.history}
          max={1.05}
          mark={1}
          line={
            freshness.stale ? '--faint' : level === 'full' ? '--critical' : level === 'high' ? '--major' : '--trend'
          }
          area={freshness.stale ? '--none' : '--trend-area'}
          lineRem={0.05}
        />
        <span class="rate">
          {freshness.stale
            ? `stale ${duration(freshness.ageMs ?? 0)}`
            : link.impossible
              ? 'counter reset?'
              : `${link.direction} ${link.rate}`}
        </span>
      </p>
    </div>
  )
}
