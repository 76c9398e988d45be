import { applicationIdAt, highWord, lowWord } from './column-kernels.ts'
import { nameOf } from './element-values.ts'
import type { LearnedNames, NameClaim } from './learned-names.ts'
import type { Template } from './template.ts'
import { scopeEnterprise } from './template-field.ts'

/** NetFlow v9's scope "Interface" (RFC 3954 §6.1). */
const scopeInterface = 2
const cisco = 9
/** Cisco's own elements before IANA took them (372); NetFlow v9 has them behind the high bit. */
const ciscoCategoryName = 12_232
/** Takes from one options record the names it gives to numbers. */
export function learnNames(
  template: Template,
  view: DataView,
  starts: Int32Array,
  lengths: Int32Array,
  sourcePort: number,
  names: LearnedNames,
): void {
  if (!template.givesNames) return
  const claim: NameClaim = {
    applicationId: undefined,
    application: { name: '', category: '' },
    ifIndex: undefined,
    interface: { name: '', description: '' },
    vrfId: undefined,
    vrf: '',
    samplerId: undefined,
    sampler: '',
  }
  for (const [index, { enterprise, element }] of template.fields.entries()) {
    const at = starts[index]!
    const length = lengths[index]!
    if (length === 0) continue
    if (enterprise === scopeEnterprise) {
      if (element === scopeInterface) claim.ifIndex = numberAt(view, at, length)
      continue
    }
    if (enterprise === cisco && element === ciscoCategoryName) claim.application.category = nameOf(view, at, length)
    if (enterprise !== 0) continue
    switch (element) {
      case 95:
        claim.applicationId = applicationIdAt(view, at, length)
        break
      case 96:
        claim.application.name = nameOf(view, at, length)
        break
      case 372:
      case 0x8000 | ciscoCategoryName:
        claim.application.category = nameOf(view, at, length)
        break
      case 10:
      case 14:
      case 252:
      case 253:
        claim.ifIndex ??= numberAt(view, at, length)
        break
      case 82:
        claim.interface.name = nameOf(view, at, length)
        break
      case 83:
        claim.interface.description = nameOf(view, at, length)
        break
      case 234:
      case 235:
        claim.vrfId ??= numberAt(view, at, length)
        break
      case 236:
        claim.vrf = nameOf(view, at, length)
        break
      case 48:
      case 302:
        claim.samplerId ??= numberAt(view, at, length)
        break
      case 84:
      case 335:
        claim.sampler = nameOf(view, at, length)
        break
      default:
    }
  }
  // Index 0 is "any interface" (softflowd).
  if (claim.ifIndex === 0) claim.ifIndex = undefined
  names.learn(sourcePort, claim)
}

function numberAt(view: DataView, at: number, length: number): number | undefined {
  if (length > 8) return undefined
  return highWord(view, at, length) * 4_294_967_296 + lowWord(view, at, length)
}
