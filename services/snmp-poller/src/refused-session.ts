import type { SnmpErrorCode } from '../../../libs/snmp/src/index.ts'
import type { SnmpReply, SnmpSession } from './snmp-transport.ts'

/** Stands for a device that must not be asked: its polls say why instead of being missing. */
export function refusedSession(code: SnmpErrorCode, detail: string): SnmpSession {
  const refusal: SnmpReply = { ok: false, code, detail, attempts: 0 }
  const refuse = async (): Promise<SnmpReply> => refusal
  return { get: refuse, getNext: refuse, getBulk: refuse, cancel: () => {}, close: () => {} }
}
