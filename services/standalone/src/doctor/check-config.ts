import type { WeirConfig } from '../config.ts'
import { type Finding, ok, warn } from './finding.ts'

/** What a configuration that is valid may still lack. */
export function checkConfiguration({ devices, poller, collector }: WeirConfig): Finding[] {
  const findings: Finding[] = []
  const polled = devices.flatMap(({ id, snmp }) =>
    snmp ? [{ id, auth: poller.auths[snmp.auth], name: snmp.auth }] : [],
  )
  const without = polled.filter(({ auth }) => !auth)
  if (without.length > 0) {
    const names = [...new Set(without.map(({ name }) => name))].join(', ')
    const text = `${without.length} devices name credentials that poller.auths does not have: ${names}`
    findings.push(warn('credentials', text, 'add them to poller.auths'))
  }
  const clear = polled.filter(({ auth }) => auth && (auth.version !== 'v3' || auth.authProtocol === undefined))
  if (clear.length > 0) {
    const text = `${clear.length} of ${polled.length} devices are asked without authentication (v1, v2c, or v3 without keys): whoever sees the packets can read and forge them`
    findings.push(
      warn('credentials', text, 'use SNMPv3 with authPriv where devices have it: docs/reference/snmp-poller.md'),
    )
  }
  if (findings.length === 0)
    findings.push(
      ok(
        'credentials',
        polled.length === 0 ? 'no device is polled' : `${polled.length} devices are polled, all with authentication`,
      ),
    )
  const open = collector.listeners.filter(({ accept }) => accept === 'any').map(({ port }) => port)
  if (open.length > 0) {
    const text = `whoever sends to port ${open.join(', ')} is stored, and source addresses of UDP are easily forged`
    findings.push(warn('exporters', text, 'leave out accept: any, and adopt exporters: docs/how-to/adopt-exporters.md'))
  }
  return findings
}
