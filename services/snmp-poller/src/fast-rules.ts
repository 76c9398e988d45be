import type { Device } from '../../../libs/model/src/index.ts'
import type { SnmpPollerConfig } from './config.ts'

/** Which interfaces of one device are polled more often than the device, and how often. */
export interface FastPlan {
  readonly intervalMs: number
  readonly matches: (ifName: string, ifAlias: string) => boolean
}

/** All rules that name the device, together; undefined where none does, or where the device is as fast already. */
export function fastPlanOf(
  device: Device,
  deviceIntervalMs: number,
  rules: SnmpPollerConfig['fastPolls'],
): FastPlan | undefined {
  const fitting = rules.filter(
    ({ roles, devices }) => (roles?.includes(device.role) ?? true) && (devices?.includes(device.id) ?? true),
  )
  const intervalMs = Math.min(...fitting.map(rule => rule.intervalMs))
  if (fitting.length === 0 || intervalMs >= deviceIntervalMs) return undefined
  const patterns = fitting.flatMap(rule => rule.interfaces).map(patternOf)
  return {
    intervalMs,
    matches: (ifName, ifAlias) =>
      patterns.some(pattern => pattern.test(ifName) || (ifAlias !== '' && pattern.test(ifAlias))),
  }
}

/** `*` stands for anything; upper and lower case are the same. */
function patternOf(text: string): RegExp {
  const parts = text.split(/\*+/).map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'is')
}
