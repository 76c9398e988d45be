import { FlowEnrichment } from '../../../../libs/stream/src/index.ts'
import type { StreamConfig } from '../stream-config.ts'
import type { LoadedDatabases } from './address-databases.ts'

/** Enrichments by tenant under one version of the configuration; one of these serves one partition. */
export class Enrichments {
  readonly #databases: LoadedDatabases
  #config: StreamConfig | undefined
  #byTenant = new Map<string, FlowEnrichment>()

  /**
   * The networks are those of the version in force. A database that the version names and that is no longer there cannot
   * be had again: what an interrupted epoch has left to write is then looked up in the one at hand.
   */
  constructor(databases: LoadedDatabases) {
    this.#databases = databases
  }

  of(config: StreamConfig, tenantId: string): FlowEnrichment {
    if (config !== this.#config) {
      this.#config = config
      this.#byTenant = new Map()
    }
    let found = this.#byTenant.get(tenantId)
    if (!found) {
      found = new FlowEnrichment(tenantId, config.networks ?? [], this.#databases)
      this.#byTenant.set(tenantId, found)
    }
    return found
  }
}
