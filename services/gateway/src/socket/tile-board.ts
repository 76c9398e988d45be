import type { ExporterTile, SiteTile } from '../../../../libs/model/src/index.ts'
import type { TileSet } from '../live/tiles.ts'
import { SharedMessage } from './shared-message.ts'

interface Entry {
  json: string
  version: number
}

/**
 * The tiles of one scope, each with the version in which it last changed, so that a client at any version gets what
 * changed since and nothing else. Sites and exporters go out one by one; the overview and the list of the worst
 * interfaces go out whole.
 */
export class TileBoard {
  #version = 0
  #overview: Entry = { json: '', version: 0 }
  #worst: Entry = { json: '', version: 0 }
  readonly #sites = new Map<string, Entry>()
  readonly #exporters = new Map<string, Entry>()
  readonly #messages = new Map<number, SharedMessage>()

  get version(): number {
    return this.#version
  }

  update(tiles: TileSet): void {
    this.#version++
    this.#messages.clear()
    this.#overview = this.#changed(this.#overview, JSON.stringify(tiles.overview))
    this.#worst = this.#changed(this.#worst, JSON.stringify(tiles.worstInterfaces))
    this.#updateAll(this.#sites, tiles.sites, tile => `${tile.tenantId}/${tile.siteId}`)
    this.#updateAll(this.#exporters, tiles.exporters, tile => tile.exporterId)
  }

  /** The `tiles` object of everything, as JSON. */
  all(): string {
    return this.#since(0)
  }

  /** A message with what changed after `version`, shared by all clients at that version. */
  messageSince(version: number, serverTimeMs: number): SharedMessage | undefined {
    if (version >= this.#version) return undefined
    let message = this.#messages.get(version)
    if (!message) {
      const json = `{"type":"tiles","serverTimeMs":${serverTimeMs},"tiles":${this.#since(version)}}`
      message = new SharedMessage('tiles', json)
      this.#messages.set(version, message)
    }
    return message
  }

  #since(version: number): string {
    const parts: string[] = []
    if (this.#overview.version > version) parts.push(`"overview":${this.#overview.json}`)
    if (this.#worst.version > version) parts.push(`"worstInterfaces":${this.#worst.json}`)
    for (const [name, entries] of [
      ['sites', this.#sites],
      ['exporters', this.#exporters],
    ] as const) {
      const changed = [...entries.values()].filter(entry => entry.version > version).map(entry => entry.json)
      if (changed.length > 0) parts.push(`"${name}":[${changed.join(',')}]`)
    }
    return `{${parts.join(',')}}`
  }

  #updateAll<T extends SiteTile | ExporterTile>(
    entries: Map<string, Entry>,
    tiles: readonly T[],
    keyOf: (tile: T) => string,
  ): void {
    for (const tile of tiles) {
      const key = keyOf(tile)
      entries.set(key, this.#changed(entries.get(key), JSON.stringify(tile)))
    }
    if (entries.size === tiles.length) return
    const keys = new Set(tiles.map(keyOf))
    for (const key of entries.keys()) if (!keys.has(key)) entries.delete(key)
  }

  #changed(before: Entry | undefined, json: string): Entry {
    return before?.json === json ? before : { json, version: this.#version }
  }
}
