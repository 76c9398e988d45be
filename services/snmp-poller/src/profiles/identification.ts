import { isWithin, type Oid, oid, type SnmpValue } from '../../../../libs/snmp/src/index.ts'
import { textOf } from './profile-data.ts'
import type { OperatingSystem } from './profile-schema.ts'

/** What a device says of itself. */
export interface Introduction {
  readonly sysObjectId: Oid | undefined
  readonly sysDescr: string
}

export interface Identity {
  readonly vendor: string
  readonly os: string
}

interface Rule {
  readonly system: OperatingSystem
  readonly prefixes: readonly Oid[]
  readonly descr: RegExp | undefined
  readonly asks: readonly (readonly [instance: Oid, pattern: RegExp])[]
}

/** Names devices by the first rule that fits. */
export class Identification {
  readonly #rules: readonly Rule[]

  constructor(systems: readonly OperatingSystem[]) {
    this.#rules = systems.map(system => ({
      system,
      prefixes: system.sysObjectID.map(oid),
      descr: system.sysDescr === undefined ? undefined : new RegExp(system.sysDescr, 's'),
      asks: Object.entries(system.asks).map(
        ([instance, pattern]) => [oid(instance), new RegExp(pattern, 's')] as const,
      ),
    }))
  }

  /** Instances to read before the device can be named for certain; none for most. */
  questions(introduction: Introduction): Oid[] {
    const open: Oid[] = []
    for (const rule of this.#rules) {
      if (!fits(rule, introduction)) continue
      if (rule.asks.length === 0) break
      open.push(...rule.asks.map(([instance]) => instance))
    }
    return [...new Set(open)]
  }

  /** Rules that ask fit only where the answers do. */
  identify(introduction: Introduction, answers?: ReadonlyMap<Oid, SnmpValue>): Identity {
    const rule = this.#rules.find(
      one =>
        fits(one, introduction) &&
        one.asks.every(([instance, pattern]) => {
          const answer = answers?.get(instance)
          return answer !== undefined && 'value' in answer && pattern.test(textOf(answer))
        }),
    )
    return { vendor: rule?.system.vendor ?? '', os: rule?.system.os ?? '' }
  }
}

function fits({ prefixes, descr }: Rule, { sysObjectId, sysDescr }: Introduction): boolean {
  return (
    (prefixes.length === 0 || (sysObjectId !== undefined && prefixes.some(prefix => isWithin(sysObjectId, prefix)))) &&
    (descr === undefined || descr.test(sysDescr))
  )
}
