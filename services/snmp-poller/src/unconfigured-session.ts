import type { SnmpReply, SnmpSession } from './snmp-transport.ts'

/** Stands for a device whose credentials the configuration does not have: its polls say so instead of being missing. */
export function unconfiguredSession(authName: string): SnmpSession {
  const refusal: SnmpReply = {
    ok: false,
    code: 'snmp-auth-unknown',
    detail: `snmp.auths has no "${authName}"`,
    attempts: 0,
  }
  const refuse = async (): Promise<SnmpReply> => refusal
  return { get: refuse, getNext: refuse, getBulk: refuse, cancel: () => {}, close: () => {} }
}
