import type { StationReading } from '../../../../libs/model/src/index.ts'
import { addressText, macText } from '../../../../libs/wire/src/index.ts'

/** A station as one reading has it. */
export interface SeenStation {
  /** Lower-case, with colons. */
  mac: string
  /** '' of a forwarding table. */
  address: string
  vlan: number
  interfaceId: string
}

/** What was written down of one device's stations: interface and hour, by station. Plain JSON. */
export type StationBook = Readonly<Record<string, readonly [interfaceId: string, hour: number]>>

/** Of one device; the poller brings no more either. */
const stationsMax = 8_192
const hourMs = 3_600_000
/** A station that was not seen for so long is written anew when it comes back. */
const hoursKept = 24

/**
 * Which stations of a reading are to be written down: those that are new or moved, and each once an hour so that it is
 * known when it was last there. The same book comes back where nothing is.
 */
export function noteStations(
  before: StationBook | undefined,
  readings: readonly StationReading[],
  ports: ReadonlyMap<number, string>,
  atMs: number,
): { book: StationBook; news: SeenStation[] } {
  const hour = Math.floor(atMs / hourMs)
  const book: Record<string, readonly [string, number]> = {}
  const news: SeenStation[] = []
  let isOther = before === undefined
  for (const [key, entry] of Object.entries(before ?? {})) {
    if (hour - entry[1] < hoursKept) book[key] = entry
    else isOther = true
  }
  let count = Object.keys(book).length
  for (const reading of readings) {
    const interfaceId = ports.get(reading.ifIndex)
    if (interfaceId === undefined || reading.mac.length !== 6) continue
    const station = { mac: macText(reading.mac), address: addressOf(reading.address), vlan: reading.vlan, interfaceId }
    const key = `${station.mac}/${station.vlan}/${station.address}`
    const known = book[key]
    if (known && known[0] === interfaceId && known[1] === hour) continue
    if (!known && count >= stationsMax) continue
    if (!known) count++
    book[key] = [interfaceId, hour]
    news.push(station)
    isOther = true
  }
  return { book: isOther || !before ? book : before, news }
}

function addressOf(octets: Uint8Array): string {
  return octets.length === 4 || octets.length === 16 ? addressText(octets) : ''
}
