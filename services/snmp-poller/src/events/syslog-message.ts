import { displayText } from '../../../../libs/snmp/src/index.ts'

export interface SyslogMessage {
  facility: number
  /** 0 is emergency, 7 is debug (RFC 5424 §6.2.1). */
  severity: number
  /** What follows the header, without control characters, at most 1 024 characters. */
  text: string
}

/** Longer ones are cut: what tells a message's kind stands at its beginning. */
const octetsMax = 2_048
const textMax = 1_024

/**
 * Reads a syslog datagram of RFC 5424, or of RFC 3164 as devices really send it: with a sequence number, with or without
 * a host name, a year, milliseconds, a zone. Of the header only the priority is taken: times are the receiver's, and
 * names are the inventory's. Undefined without a priority.
 */
export function readSyslog(datagram: Uint8Array): SyslogMessage | undefined {
  const line = displayText(datagram.subarray(0, octetsMax), octetsMax)
  const head = /^<(\d{1,3})>/.exec(line)
  const priority = Number(head?.[1])
  if (!head || priority > 191) return undefined
  const rest = line.slice(head[0].length)
  const text = (/^[1-9]\d{0,2} /.test(rest) ? withoutHeader5424(rest) : rest).slice(0, textMax)
  return { facility: priority >> 3, severity: priority & 7, text }
}

/**
 * VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, then structured data (RFC 5424 §6). MSGID is kept before the message:
 * Junos puts the event's tag there.
 */
function withoutHeader5424(rest: string): string {
  const fields = rest.split(' ', 6)
  const msgId = fields[5]
  if (fields.length < 6 || msgId === undefined) return rest
  const after = rest.slice(fields.join(' ').length + 1)
  return `${msgId === '-' ? '' : `${msgId}: `}${after.startsWith('- ') ? after.slice(2) : after}`.trim()
}
