import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { fitCells } from '../state/cell-fit.ts'
import type { SiteCell } from '../state/site-grid.ts'
import { plural } from '../state/text.ts'
import { duration } from '../state/units.ts'
import type { WallView } from '../state/wall-view.ts'
import { Name } from './name.tsx'
import { Shape } from './shape.tsx'
import { useRoom } from './use-room.ts'

export function Sites({ view, tenants }: { view: WallView; tenants: boolean }) {
  const { cells, notable } = view
  const [rowsMax, setRows] = useState(3)
  const list = useRoom(setRows)
  // The last line says how many sites have none.
  const named = notable.slice(0, notable.length > rowsMax ? Math.max(0, rowsMax - 1) : rowsMax)
  return (
    <section class="sites" aria-label="Sites">
      <h2>
        <span>Sites</span>
        <span>{summary(cells)}</span>
      </h2>
      <Grid cells={cells} />
      <div class={`named${tenants ? ' of-tenants' : ''}`} ref={list}>
        {named.map(cell => (
          <SiteRow key={cell.key} cell={cell} tenants={tenants} />
        ))}
        {notable.length > named.length && (
          <p class="rest">+{plural(notable.length - named.length, 'more site', 'more sites')}</p>
        )}
      </div>
    </section>
  )
}

function summary(cells: readonly SiteCell[]): string {
  const alarmed = cells.filter(cell => cell.state === 'alarmed').length
  const quiet = cells.length - alarmed
  return alarmed > 0 ? `${alarmed} with alarms, ${quiet} quiet` : plural(cells.length, 'site')
}

const largestCellRem = 1.5

/** One cell a site, in an order that no alarm changes; tenants alternate between two greys. */
function Grid({ cells }: { cells: readonly SiteCell[] }) {
  const element = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 1, height: 1, rem: 1 })
  useLayoutEffect(() => {
    const grid = element.current
    const panel = grid?.parentElement
    if (!panel) return
    const observer = new ResizeObserver(() => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const reserve = Number.parseFloat(getComputedStyle(panel).getPropertyValue('--reserve')) * rem
      const title = grid.offsetTop - panel.offsetTop
      setSize({ width: grid.clientWidth, height: Math.max(1, panel.clientHeight - title - reserve), rem })
    })
    observer.observe(panel)
    return () => observer.disconnect()
  }, [])
  const { columns, cellPixels } = fitCells(cells.length, size.width, size.height, size.rem * largestCellRem)
  let shade = false
  return (
    <div class="grid" ref={element}>
      <div class="cells" style={{ '--columns': String(columns), '--cell-size': `${cellPixels}px` }}>
        {cells.map((cell, index) => {
          if (index > 0 && cells[index - 1]!.tenant !== cell.tenant) shade = !shade
          return (
            <i key={cell.key} class={`cell ${cell.state}${shade ? ' shade' : ''}`} data-site={cell.key}>
              {cell.worst && <Shape severity={cell.worst} />}
              {cell.worst && <b>{cell.count}</b>}
            </i>
          )
        })}
      </div>
    </div>
  )
}

function SiteRow({ cell, tenants }: { cell: SiteCell; tenants: boolean }) {
  return (
    <div class={`site-row ${cell.state}`}>
      {cell.worst ? <Shape severity={cell.worst} /> : <i class="stale-mark" />}
      <span class="whose">
        {tenants && <Name text={cell.tenant} kind="tenant" />}
        <Name text={cell.site} kind="site" />
      </span>
      <span class="count">{cell.worst ? cell.count : `stale ${duration(cell.ageMs ?? 0)}`}</span>
    </div>
  )
}
