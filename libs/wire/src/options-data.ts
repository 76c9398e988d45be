import { highWord, lowWord } from './column-kernels.ts'
import type { DomainSession } from './domain-session.ts'
import { type SamplingClaim, samplingRateOf } from './sampling.ts'
import type { Template } from './template.ts'
import { scopeEnterprise } from './template-field.ts'

/** NetFlow v9's scope "Interface" (RFC 3954 §6.1); IPFIX scopes a record by the interface elements themselves. */
const scopeInterface = 2

/**
 * Takes from one options record what decoding needs: sampling rates by sampler, by interface or for the device, and when
 * the device started.
 */
export function learnFromOptions(
  template: Template,
  view: DataView,
  starts: Int32Array,
  lengths: Int32Array,
  session: DomainSession,
): void {
  const claim: SamplingClaim = {
    interval: undefined,
    algorithm: undefined,
    run: undefined,
    space: undefined,
    size: undefined,
    population: undefined,
  }
  let samplerId: number | undefined
  let ifIndex: number | undefined
  for (const [index, { enterprise, element }] of template.fields.entries()) {
    const length = lengths[index]!
    if (length === 0 || length > 8) continue
    const value = highWord(view, starts[index]!, length) * 4_294_967_296 + lowWord(view, starts[index]!, length)
    if (enterprise === scopeEnterprise) {
      if (element === scopeInterface) ifIndex = value
      continue
    }
    if (enterprise !== 0) continue
    switch (element) {
      case 34:
      case 50:
        claim.interval = value
        break
      case 35:
      case 49:
      case 304:
        claim.algorithm = value
        break
      case 305:
        claim.run = value
        break
      case 306:
        claim.space = value
        break
      case 309:
        claim.size = value
        break
      case 310:
        claim.population = value
        break
      case 311:
        // samplingProbability, a float64: one in 1/p.
        if (length === 8) {
          claim.size = view.getFloat64(starts[index]!)
          claim.population = 1
        }
        break
      case 48:
      case 302:
        samplerId = value
        break
      case 10:
      case 14:
        if (index < template.scopeCount) ifIndex = value
        break
      case 160:
        session.systemInitMs = value
        break
      default:
    }
  }
  if (claim.interval === undefined && claim.run === undefined && claim.population === undefined) return
  const rate = samplingRateOf(claim)
  if (samplerId !== undefined) session.sampling.announceSampler(samplerId, rate)
  else if (ifIndex !== undefined && ifIndex !== 0) session.sampling.announceInterface(ifIndex, rate)
  else session.sampling.announceDevice(rate)
}
