import type { Place } from '../state/place.ts'
import { headAndTail } from '../state/text.ts'

/** Shorter than this a name is never cut. */
const shortLength = 4

/** A name that shortens in its middle, isolated from the direction of its neighbours. */
export function Name({ text, kind }: { text: string; kind: string }) {
  if (text === '') return null
  const { head, tail } = headAndTail(text)
  return (
    <bdi class={`name ${kind}${text.length <= shortLength ? ' short' : ''}`}>
      <span class="head">{head}</span>
      {tail && <span class="tail">{tail}</span>}
    </bdi>
  )
}

export function Where({ place, tenants }: { place: Place; tenants: boolean }) {
  return (
    <span class="where">
      <span class="whose">
        {tenants && <Name text={place.tenant} kind="tenant" />}
        <Name text={place.site} kind="site" />
      </span>
      <span class="which">
        <Name text={place.device} kind="device" />
        <Name text={place.part} kind="part" />
      </span>
    </span>
  )
}
