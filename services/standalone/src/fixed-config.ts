import type { WeirConfig } from './config.ts'

/** Taken over while running; a section listed with keys is taken over in these alone. */
const reloadable: Partial<Record<keyof WeirConfig, true | readonly string[]>> = {
  tenants: true,
  sites: true,
  devices: true,
  deviceFiles: true,
  circuits: true,
  probes: true,
  networks: true,
  firmware: true,
  poller: ['auths'],
  collector: ['exporters', 'trustLoopback'],
  processor: ['detection', 'alarms', 'changingPorts'],
}

/** Keys (`gateway.port`) in which `next` differs and that are read at start alone. Secrets are compared and never shown. */
export function fixedChanges(current: WeirConfig, next: WeirConfig): string[] {
  const changed: string[] = []
  for (const section of Object.keys(next) as (keyof WeirConfig)[]) {
    const rule = reloadable[section]
    if (rule === true || same(current[section], next[section])) continue
    if (!isMapping(current[section]) || !isMapping(next[section])) {
      changed.push(section)
      continue
    }
    const before: Record<string, unknown> = current[section]
    const after: Record<string, unknown> = next[section]
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (!rule?.includes(key) && !same(before[key], after[key])) changed.push(`${section}.${key}`)
    }
  }
  return changed.sort()
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
