import type { CapturedDatagram } from '../../../../libs/wire/src/index.ts'
import { exportHeader } from './export-header.ts'
import { TemplateTimes } from './template-times.ts'

/** Beyond this, the capture's stamps are not those of the export (a file made from payloads): the exporters' clocks count. */
const plausibleSkewSeconds = 86_400
/** Exporters and domains followed; a capture has few. */
const streamsMax = 65_536

/**
 * Whole seconds to add to a capture's times so that its end falls on `endsAtMs`. By the capture's stamps, or by the
 * exporters' clocks (the median of what they differ) where these are more than a day apart.
 */
export function shiftOf(datagrams: readonly CapturedDatagram[], endsAtMs: number): number {
  const lastMs = datagrams.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs), 0)
  const skews = datagrams.flatMap(({ payload, timestampMs }) => {
    const seconds = exportHeader(payload)?.clock?.seconds
    return seconds === undefined ? [] : [seconds - timestampMs / 1_000]
  })
  const skewSeconds = median(skews)
  const isForeign = Math.abs(skewSeconds) > plausibleSkewSeconds
  return Math.floor(endsAtMs / 1_000 - lastMs / 1_000 - (isForeign ? skewSeconds : 0))
}

/** Adds seconds to the times in datagrams: header clocks, and absolute time elements of v9 and IPFIX records. */
export class TimeShifter {
  readonly #shiftSeconds: number
  readonly #templates = new Map<string, TemplateTimes>()

  constructor(shiftSeconds: number) {
    this.#shiftSeconds = shiftSeconds
  }

  /** A changed copy; sFlow and unknown payloads come back as they are. */
  shifted({ payload, source, sourcePort }: CapturedDatagram): Uint8Array {
    const header = exportHeader(payload)
    if (!header?.clock || this.#shiftSeconds === 0) return payload
    const copy = Uint8Array.from(payload)
    const view = new DataView(copy.buffer)
    view.setUint32(header.clock.at, header.clock.seconds + this.#shiftSeconds)
    if (header.protocol === 'netflow9' || header.protocol === 'ipfix')
      this.#timesOf(`${header.protocol}/${source}/${sourcePort}`)?.shift(view, header.protocol, this.#shiftSeconds)
    return copy
  }

  #timesOf(stream: string): TemplateTimes | undefined {
    let times = this.#templates.get(stream)
    if (!times && this.#templates.size < streamsMax) {
      times = new TemplateTimes()
      this.#templates.set(stream, times)
    }
    return times
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
