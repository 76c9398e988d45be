import type { DecodeError } from './exporter-decoder.ts'

/**
 * Closed table of decode errors: codes are never reused and never change their meaning. The text says what the decoder
 * did about it, since no error stops more than the unit it names.
 */
export const decodeErrors = {
  'datagram-empty': 'No octets at all.',
  'datagram-too-short': 'Shorter than its version’s header; nothing was read.',
  'version-unknown': 'The first octets name no flow protocol; nothing was read.',
  'version-unsupported':
    'A flow protocol that nobody should send any more (NetFlow v6, v8, sFlow v2, v4); nothing was read.',
  'datagram-truncated': 'The header promises more than arrived; complete records before the cut were kept.',
  'trailing-bytes': 'Octets after the last set of a message belong to no set; they were ignored.',
  'count-mismatch':
    'NetFlow v1, v5, v7: the header’s record count is not what the length holds; the length was trusted.',
  'set-length-invalid': 'A set shorter than its header or longer than the rest; parsing of the datagram stopped there.',
  'set-id-reserved': 'A set id below 256 that is no template set; the set was skipped.',
  'template-id-invalid': 'A template id below 256; the rest of the set was skipped.',
  'template-no-fields': 'A template without fields; rejected.',
  'template-too-many-fields': 'More fields than the limit; rejected.',
  'template-truncated': 'A template that runs past its set; rejected.',
  'template-record-empty': 'All fields have length 0: no record could ever end; rejected.',
  'template-record-too-long': 'A record of this template could not fit a datagram; rejected.',
  'template-scope-invalid':
    'Scope or option lengths that are no whole fields, or more scope fields than fields; rejected.',
  'template-field-length-invalid':
    'An integer of more than 8 octets or an address of a wrong length; the field is not read.',
  'template-missing': 'Data whose template never came while it was held; dropped.',
  'template-flip-flop':
    'A template id that changes back and forth between layouts: two exporters behind one address; dropped.',
  'record-truncated': 'A record with a variable length that runs past its set; the rest of the set was skipped.',
  'sample-length-invalid':
    'An sFlow sample longer than the datagram or shorter than its header; parsing stopped there.',
  'sample-truncated': 'An sFlow sample whose records run past its length; what came before was kept.',
  'flow-record-invalid': 'An sFlow record that is too short for its format or holds an impossible count; skipped.',
  'as-path-shortened': 'An AS path of more than 64 networks in an sFlow record; the first 64 were kept.',
  'datagram-encrypted': 'IPFIX over DTLS (RFC 7011 §11.1): nobody but the two ends can read it.',
  'agent-address-invalid': 'An sFlow agent address that is neither IPv4 nor IPv6; nothing was read.',
} as const

export type DecodeErrorCode = keyof typeof decodeErrors

/** A hostile datagram can hold thousands of faults: all are counted, this many are described. */
export const errorsDescribedMax = 16

/** Gathers one datagram's errors into a reused list, and counts them for good. */
export class ErrorLog {
  readonly list: DecodeError[] = []
  readonly counts = new Map<string, number>()

  begin(): void {
    if (this.list.length > 0) this.list.length = 0
  }

  add(code: DecodeErrorCode, offset: number, context: string): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1)
    if (this.list.length < errorsDescribedMax) this.list.push({ code, offset, context })
  }
}
