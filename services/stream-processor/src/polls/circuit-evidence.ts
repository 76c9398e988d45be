import type { DetectedCondition } from '../../../../libs/detect/src/index.ts'
import { circuitOf, type InterfaceCircuit, resource } from '../../../../libs/model/src/index.ts'
import type { TrackedInterface } from '../../../../libs/stream/src/index.ts'

/** Says whom to call where a condition is of an interface with a circuit: what operators look for first. */
export function withCircuits(
  conditions: readonly DetectedCondition[],
  interfaces: readonly TrackedInterface[],
  known: Readonly<Record<string, InterfaceCircuit>> | undefined,
): readonly DetectedCondition[] {
  if (conditions.length === 0) return conditions
  return conditions.map(condition => {
    const port = interfaces.find(one => resource.interface(one.interfaceId) === condition.resource)
    const circuit = port && circuitOf(known, port.ifName, port.ifAlias, port.speedBitsPerSecond)
    return circuit ? { ...condition, evidence: withCircuit(condition, circuit) } : condition
  })
}

function withCircuit({ evidence, state }: DetectedCondition, circuit: InterfaceCircuit): DetectedCondition['evidence'] {
  const { provider, circuitId, contact, note, committed, kind } = circuit
  const isNamed = provider !== '' || circuitId !== ''
  // A core link's description names the far end, a customer's the customer: the others name who provides it.
  const isToward = kind === 'core' || kind === 'cust'
  const words = ['Circuit', circuitId, provider && `${isToward ? 'to' : 'of'} ${provider}`, note && `(${note})`]
    .filter(text => text !== '')
    .join(' ')
  return {
    ...evidence,
    action:
      isNamed && state === 'active' ? `${evidence.action} ${words}${contact && `: ${contact}`}.` : evidence.action,
    measured: {
      ...evidence.measured,
      ...(isNamed
        ? { provider: (!isToward && provider) || null, circuitId: circuitId || null, contact: contact || null }
        : {}),
    },
    expected: {
      ...evidence.expected,
      ...(committed
        ? {
            committedInBitsPerSecond: committed.inBitsPerSecond,
            committedOutBitsPerSecond: committed.outBitsPerSecond,
          }
        : {}),
    },
  }
}
