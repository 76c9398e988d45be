import {
  type ExporterDecision,
  holdsAddress,
  type Inventory,
  type Prefix,
  parsePrefix,
} from '../../../libs/model/src/index.ts'
import type { FlowListener, KnownExporter } from './config.ts'

/** What becomes of a source's datagrams, and under which tenant. */
export interface Verdict {
  readonly state: 'known' | 'unknown' | 'rejected'
  readonly tenantId: string
  /** 0 where nobody gave one. */
  readonly assumedSamplingRate: number
}

/** Who is known by configuration. */
export interface AdmissionRules {
  readonly listeners: readonly Pick<FlowListener, 'tenantId' | 'accept'>[]
  readonly exporters: readonly KnownExporter[]
  readonly trustLoopback: boolean
  readonly inventory: Pick<Inventory, 'devices'>
}

/** Verdicts are remembered for so many sources; further ones are judged each time. */
const rememberedMax = 20_000

const loopback = ['127.0.0.0/8', '::1'].map(text => parsePrefix(text)!)

/**
 * Decides by source address: what a person configured or decided first, then the inventory's devices of the listener's
 * tenant, then this machine itself, then the listener's own word.
 */
export class Admission {
  #rules: AdmissionRules
  #known: readonly (KnownExporter & { prefix: Prefix })[] = []
  /** `tenantId/address` of devices. */
  #devices: ReadonlySet<string> = new Set()
  readonly #decisions = new Map<string, ExporterDecision>()
  readonly #verdicts = new Map<string, Verdict>()

  constructor(rules: AdmissionRules) {
    this.#rules = rules
    this.applyRules(rules)
  }

  applyRules(rules: AdmissionRules): void {
    this.#rules = rules
    this.#known = rules.exporters
      .map(one => ({ ...one, prefix: parsePrefix(one.address)! }))
      .sort((a, b) => b.prefix.bits - a.prefix.bits)
    this.#devices = new Set(
      rules.inventory.devices.flatMap(({ tenant, address, snmp }) =>
        [address, ...(snmp?.host ? [snmp.host] : [])].map(one => `${tenant}/${one}`),
      ),
    )
    this.#verdicts.clear()
  }

  /** A decision takes the place of an earlier one; undefined takes it back. */
  decide(address: string, decision: ExporterDecision | undefined): void {
    if (decision) this.#decisions.set(address, decision)
    else this.#decisions.delete(address)
    this.#verdicts.clear()
  }

  /** @param source canonical, perhaps with a scope */
  judge(source: string, listener: number): Verdict {
    const key = `${listener} ${source}`
    const remembered = this.#verdicts.get(key)
    if (remembered) return remembered
    const verdict = this.#judge(source, listener)
    if (this.#verdicts.size < rememberedMax) this.#verdicts.set(key, verdict)
    return verdict
  }

  #judge(source: string, listener: number): Verdict {
    const { listeners, trustLoopback } = this.#rules
    const { tenantId, accept } = listeners[listener]!
    const address = parsePrefix(source.replace(/%.*$/, ''))
    const configured = address && this.#known.find(({ prefix }) => holdsAddress(prefix, address))
    if (configured) {
      return {
        state: 'known',
        tenantId: configured.tenantId ?? tenantId,
        assumedSamplingRate: configured.samplingRate ?? 0,
      }
    }
    const decision = this.#decisions.get(source)
    if (decision?.decision === 'rejected') return { state: 'rejected', tenantId, assumedSamplingRate: 0 }
    if (decision) {
      return { state: 'known', tenantId: decision.tenantId, assumedSamplingRate: decision.samplingRate ?? 0 }
    }
    const isKnown =
      accept === 'any' ||
      this.#devices.has(`${tenantId}/${source}`) ||
      (trustLoopback && address !== undefined && loopback.some(prefix => holdsAddress(prefix, address)))
    return { state: isKnown ? 'known' : 'unknown', tenantId, assumedSamplingRate: 0 }
  }
}
