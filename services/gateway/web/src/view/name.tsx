import type { Place } from '../state/place.ts'
import { headAndTail } from '../state/text.ts'

/** Up to this length a name is never cut. */
const shortLength = 7
/** Letters at the end that stay when a name is cut: clients differ at their beginning, ports at their end. */
const tailLengths: Record<NameKind, number> = { tenant: 0, site: 4, device: 4, part: 7, alias: 7 }

/** Up to here a name that is cut loses its end all the same: half a short word says more than both its ends. */
const wholeLengths: Record<NameKind, number> = { tenant: 0, site: 16, device: 8, part: 8, alias: 14 }

export type NameKind = 'tenant' | 'site' | 'device' | 'part' | 'alias'

/** A name that shortens in its middle, isolated from the direction of its neighbours. */
export function Name({ text, kind }: { text: string; kind: NameKind }) {
  if (text === '') return null
  const { head, tail } =
    text.length <= wholeLengths[kind] ? { head: text, tail: '' } : headAndTail(text, tailLengths[kind])
  return (
    <bdi class={`name ${kind}${text.length > shortLength ? ' long' : ''}`}>
      <span class="head">{head}</span>
      {tail && <span class="tail">{tail}</span>}
    </bdi>
  )
}

/** Device and port, which are cut only where they alone are wider than the row. */
export function Which({ place }: { place: Place }) {
  return (
    <span class="which">
      <Name text={place.device} kind="device" />
      <Name text={place.part} kind="part" />
    </span>
  )
}

/** Client and site; the site only where the client has several, or where no client is named. */
export function Whose({ place, tenants }: { place: Place; tenants: boolean }) {
  return (
    <span class="whose">
      {tenants && <Name text={place.tenant} kind="tenant" />}
      {!(tenants && place.onlySite) && <Name text={place.site} kind="site" />}
    </span>
  )
}

/** The thing itself in the base letter, whose it is in small print after it; a whole site has only the latter, large. */
export function Where({ place, tenants }: { place: Place; tenants: boolean }) {
  const whole = place.device === '' && place.part === ''
  return (
    <span class={`where${whole ? ' whole-site' : ''}`}>
      {!whole && <Which place={place} />}
      <Whose place={place} tenants={tenants || (whole && place.site === '')} />
    </span>
  )
}
