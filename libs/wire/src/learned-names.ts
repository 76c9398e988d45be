/** Names for the numbers in an exporter's records. Every map is bounded; the eldest entry makes room. */
export interface NameTables {
  /** By `FlowColumns.applicationId`: NBAR's application table, FortiGate's. */
  readonly applications: ReadonlyMap<number, ApplicationName>
  /** By ifIndex. */
  readonly interfaces: ReadonlyMap<number, InterfaceName>
  /** By VRF id (IE 234, 235). */
  readonly vrfs: ReadonlyMap<number, string>
  /** By sampler or selector id (IE 48, 302). */
  readonly samplers: ReadonlyMap<number, string>
}

export interface ApplicationName {
  name: string
  /** `file-sharing`, `Network.Service`; empty where the exporter tells none. */
  category: string
}

export interface InterfaceName {
  /** ifName, as `Gi0/0/1`; empty where the exporter tells only a description. */
  name: string
  description: string
}

/** What one options record says, before it is filed. */
export interface NameClaim {
  applicationId: number | undefined
  application: ApplicationName
  ifIndex: number | undefined
  interface: InterfaceName
  vrfId: number | undefined
  vrf: string
  samplerId: number | undefined
  sampler: string
}

const applicationsMax = 4_096
const interfacesMax = 8_192
const vrfsMax = 4_096
const samplersMax = 1_024
/** Source ports: exporters behind one address (F13). */
const portsMax = 16

/**
 * Names that an exporter's options data taught: applications (IE 95, 96), interfaces (IE 82, 83), VRFs (IE 236), samplers
 * (IE 84, 335); and those of interfaces in sFlow's counter samples. They are kept by source port, as templates are, since two exporters behind one address number their own
 * interfaces each; a port that taught nothing borrows from the only other one (line cards that send data alone).
 *
 *     const names = decoder.names.of(sourcePort)
 *     names.vrfs.get(columns.ingressVrf[row])
 *
 * Part of the decoder's state, but saved apart (`save`, third parameter of `createExporterDecoder`): a router's application
 * table is 100 KB that changes once a year.
 */
export class LearnedNames {
  /** Changes whenever `save` would. */
  version = 0
  /** Names that made room for others; whoever counts them sets it to 0. */
  beyond = 0
  readonly #ports = new Map<number, Tables>()

  /** @param sourcePort 0 where the decoder does not key by port */
  of(sourcePort: number): NameTables {
    const own = this.#ports.get(sourcePort)
    if (own) return own
    if (this.#ports.size !== 1) return noNames
    return this.#ports.values().next().value as Tables
  }

  /**
   * Of an application, whichever source port taught it first: exporters behind one address are of one make as a rule, and
   * sums by application know no port. undefined where none did.
   */
  application(id: number): string | undefined {
    for (const { applications } of this.#ports.values()) {
      const name = applications.get(id)?.name
      if (name) return name
    }
    return undefined
  }

  /**
   * Of interfaces, VRFs or samplers, over all source ports: flows know no port. Where two ports call a number otherwise,
   * the one that came last stands, as an exporter that began anew sends from another.
   */
  merged(): Omit<NameTables, 'applications'> {
    const newestFirst = [...this.#ports.values()].reverse()
    if (newestFirst.length === 0) return noNames
    if (newestFirst.length === 1) return newestFirst[0]!
    return {
      interfaces: this.#mergedMap(
        newestFirst.map(one => one.interfaces),
        interfacesMax,
      ),
      vrfs: this.#mergedMap(
        newestFirst.map(one => one.vrfs),
        vrfsMax,
      ),
      samplers: this.#mergedMap(
        newestFirst.map(one => one.samplers),
        samplersMax,
      ),
    }
  }

  learn(sourcePort: number, claim: NameClaim): void {
    const { applicationId, application, ifIndex, vrfId, vrf, samplerId, sampler } = claim
    if (applicationId !== undefined && (application.name !== '' || application.category !== '')) {
      const before = this.#tables(sourcePort).applications.get(applicationId)
      // Category and name can come in tables of their own (Cisco's "option application-attributes").
      const name = application.name || before?.name || ''
      const category = application.category || before?.category || ''
      if (name !== before?.name || category !== before.category) {
        this.#put(this.#tables(sourcePort).applications, applicationId, { name, category }, applicationsMax)
      }
    }
    if (ifIndex !== undefined && (claim.interface.name !== '' || claim.interface.description !== '')) {
      const before = this.#tables(sourcePort).interfaces.get(ifIndex)
      const { name, description } = claim.interface
      if (name !== before?.name || description !== before.description) {
        this.#put(this.#tables(sourcePort).interfaces, ifIndex, { name, description }, interfacesMax)
      }
    }
    if (vrfId !== undefined && vrf !== '' && this.#tables(sourcePort).vrfs.get(vrfId) !== vrf) {
      this.#put(this.#tables(sourcePort).vrfs, vrfId, vrf, vrfsMax)
    }
    if (samplerId !== undefined && sampler !== '' && this.#tables(sourcePort).samplers.get(samplerId) !== sampler) {
      this.#put(this.#tables(sourcePort).samplers, samplerId, sampler, samplersMax)
    }
  }

  /** A description that options data told stays. */
  learnInterface(sourcePort: number, ifIndex: number, name: string): void {
    const before = this.#ports.get(sourcePort)?.interfaces.get(ifIndex)
    if (name === '' || name === before?.name) return
    const value = { name, description: before?.description ?? '' }
    this.#put(this.#tables(sourcePort).interfaces, ifIndex, value, interfacesMax)
  }

  /** Plain JSON, in an order that only the content decides. */
  save(): unknown {
    return {
      format,
      ports: [...this.#ports].map(([port, { applications, interfaces, vrfs, samplers }]) => ({
        port,
        applications: [...applications].map(([id, { name, category }]) => [id, name, category]),
        interfaces: [...interfaces].map(([id, { name, description }]) => [id, name, description]),
        vrfs: [...vrfs],
        samplers: [...samplers],
      })),
    }
  }

  /** Takes back what `save` gave; anything else leaves the names as they are. */
  restore(from: unknown): void {
    const saved = from as Partial<SavedNames> | null
    if (saved === null || typeof saved !== 'object' || saved.format !== format) return
    for (const { port, applications, interfaces, vrfs, samplers } of saved.ports ?? []) {
      this.#ports.set(port, {
        applications: new Map(applications.map(([id, name, category]) => [id, { name, category }])),
        interfaces: new Map(interfaces.map(([id, name, description]) => [id, { name, description }])),
        vrfs: new Map(vrfs),
        samplers: new Map(samplers),
      })
    }
  }

  #tables(sourcePort: number): Tables {
    let tables = this.#ports.get(sourcePort)
    if (!tables) {
      tables = { applications: new Map(), interfaces: new Map(), vrfs: new Map(), samplers: new Map() }
      this.#ports.set(sourcePort, tables)
      if (this.#ports.size > portsMax) {
        const [eldest, gone] = this.#ports.entries().next().value as [number, Tables]
        this.#ports.delete(eldest)
        this.beyond += gone.applications.size + gone.interfaces.size + gone.vrfs.size + gone.samplers.size
      }
    }
    return tables
  }

  /** No larger than one port's: what sixteen ports can teach is no exporter's. */
  #mergedMap<V>(newestFirst: readonly ReadonlyMap<number, V>[], max: number): ReadonlyMap<number, V> {
    const merged = new Map<number, V>()
    for (const [number, value] of newestFirst.flatMap(map => [...map])) {
      if (merged.has(number)) continue
      if (merged.size < max) merged.set(number, value)
      else this.beyond++
    }
    return merged
  }

  #put<V>(map: Map<number, V>, id: number, value: V, max: number): void {
    this.version++
    map.delete(id)
    map.set(id, value)
    if (map.size > max) {
      map.delete(map.keys().next().value as number)
      this.beyond++
    }
  }
}

const format = 1

interface Tables extends NameTables {
  readonly applications: Map<number, ApplicationName>
  readonly interfaces: Map<number, InterfaceName>
  readonly vrfs: Map<number, string>
  readonly samplers: Map<number, string>
}

interface SavedNames {
  format: number
  ports: {
    port: number
    applications: [id: number, name: string, category: string][]
    interfaces: [ifIndex: number, name: string, description: string][]
    vrfs: [id: number, name: string][]
    samplers: [id: number, name: string][]
  }[]
}

const noNames: NameTables = { applications: new Map(), interfaces: new Map(), vrfs: new Map(), samplers: new Map() }
