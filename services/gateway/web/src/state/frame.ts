import type { LinkState } from './connection.ts'
import { duration } from './units.ts'

export type FrameName = 'CONNECTING' | 'LIVE' | 'DELAYED' | 'DISCONNECTED' | 'NOT AUTHORISED' | 'REFUSED'

/** The state of the whole picture: may what is shown be taken for the present? */
export interface Frame {
  name: FrameName
  /** Why, in a few words; empty when live. */
  detail: string
}

export interface FrameInput {
  link: LinkState
  /** A snapshot has been drawn. */
  hasData: boolean
  monotonicMs: number
  lastFrameMs: number | null
  heartbeatMs: number
  lagMs: number | null
  lagBudgetMs: number
  overviewStale: boolean
}

/** A redial shorter than this is nobody's business. */
const blinkMs = 3_000
const forbidden = 4403

export function frameState(input: FrameInput): Frame {
  const { link, hasData, monotonicMs, lastFrameMs, heartbeatMs, lagMs, lagBudgetMs, overviewStale } = input
  const silentMs = lastFrameMs === null ? 0 : monotonicMs - lastFrameMs
  if (link.name === 'refused') {
    const retry = `asks again in ${duration(Math.max(0, link.retryAtMs - monotonicMs))}`
    return link.code === forbidden
      ? { name: 'NOT AUTHORISED', detail: `the gateway does not let this screen in; ${retry}` }
      : { name: 'REFUSED', detail: `${link.why || `code ${link.code}`}; ${retry}` }
  }
  if (!hasData) return { name: 'CONNECTING', detail: link.name === 'waiting' ? 'the gateway does not answer' : '' }
  if (link.name !== 'open') {
    if (silentMs < blinkMs) return { name: 'DELAYED', detail: 'reconnecting' }
    return { name: 'DISCONNECTED', detail: `nothing heard for ${duration(silentMs)}` }
  }
  if (silentMs > 1.5 * heartbeatMs) return { name: 'DELAYED', detail: `nothing heard for ${duration(silentMs)}` }
  if (overviewStale) return { name: 'DELAYED', detail: 'the summary is old' }
  if (lagMs !== null && lagMs > lagBudgetMs) return { name: 'DELAYED', detail: `lag ${duration(lagMs)}` }
  return { name: 'LIVE', detail: '' }
}
