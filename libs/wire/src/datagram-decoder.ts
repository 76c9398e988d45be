import { isZero, viewOf } from './byte-view.ts'
import type { DecodeErrorCode } from './decode-errors.ts'
import { noteUptime } from './domain-session.ts'
import { countersOf } from './exporter-counters.ts'
import type { DatagramOutcome, ExporterCounters, ExporterDecoder } from './exporter-decoder.ts'
import type { ExporterState, RecordSink } from './exporter-state.ts'
import { arrivalOf, fingerprint } from './fingerprint.ts'
import type { FlowColumns } from './flow-columns.ts'
import type { LearnedNames } from './learned-names.ts'
import { type LearnedTemplate, learnedTemplates } from './learned-templates.ts'
import { fixedProtocols, fixedSamplingRate } from './netflow-fixed.ts'
import { SetWalker } from './set-walker.ts'
import { decodeSflow } from './sflow-decoder.ts'
import { snapshotOf } from './snapshot.ts'

/** Tells protocols apart by their first octets, reads their headers, and hands on what holds records. */
export class DatagramDecoder implements ExporterDecoder {
  #state: ExporterState
  #sink: RecordSink
  #sets: SetWalker
  #version = 0
  #outcome: DatagramOutcome

  constructor(state: ExporterState, sink: RecordSink) {
    this.#state = state
    this.#sink = sink
    this.#sets = new SetWalker(state, this.#sink)
    this.#outcome = { records: 0, optionsRecords: 0, held: 0, errors: state.errors.list, duplicate: false }
  }

  setKeyBySourcePort(keyed: boolean): void {
    this.#state.options.keyBySourcePort = keyed
  }

  get stateVersion(): number {
    return this.#version
  }

  snapshot(): unknown {
    return snapshotOf(this.#state)
  }

  get templatesVersion(): number {
    return this.#state.templates.version
  }

  get names(): LearnedNames {
    return this.#state.names
  }

  templates(): LearnedTemplate[] {
    return learnedTemplates(this.#state)
  }

  decode(datagram: Uint8Array, sourcePort: number, receivedMs: number, out: FlowColumns): DatagramOutcome {
    this.#begin()
    this.#state.datagrams++
    this.#state.base = datagram.byteOffset
    this.#state.context.receivedMs = receivedMs
    this.#dispatch(viewOf(datagram), datagram.byteOffset, datagram.byteOffset + datagram.length, sourcePort, out)
    return this.#end()
  }

  #begin(): void {
    const state = this.#state
    this.#version++
    state.errors.begin()
    state.records = 0
    state.optionsRecords = 0
    state.heldNow = 0
    this.#outcome.duplicate = false
  }

  #end(): DatagramOutcome {
    const state = this.#state
    state.recordsTotal += state.records
    state.optionsRecordsTotal += state.optionsRecords
    this.#outcome.records = state.records
    this.#outcome.optionsRecords = state.optionsRecords
    this.#outcome.held = state.heldNow
    return this.#outcome
  }

  /** See `SetWalker.readHeldByOtherPorts`. */
  readHeldByOtherPorts(out: FlowColumns): DatagramOutcome {
    this.#begin()
    this.#sets.readHeldByOtherPorts(out)
    return this.#end()
  }

  #dispatch(view: DataView, at: number, end: number, sourcePort: number, out: FlowColumns): void {
    if (end - at < 4) {
      this.#fault(at === end ? 'datagram-empty' : 'datagram-too-short', '')
      return
    }
    const version = view.getUint16(at)
    switch (version) {
      case 9:
        this.#netflow9(view, at, end, sourcePort, out)
        break
      case 10:
        this.#ipfix(view, at, end, sourcePort, out)
        break
      case 1:
      case 5:
      case 7:
        this.#fixed(version, view, at, end, sourcePort, out)
        break
      case 0:
        this.#sflow(view, at, end, sourcePort, out)
        break
      case 6:
      case 8:
        this.#fault('version-unsupported', `netflow${version}`)
        break
      default:
        if (isDtls(version)) this.#fault('datagram-encrypted', 'dtls')
        else this.#fault('version-unknown', `version ${version}`)
    }
  }

  /** Of the whole datagram. */
  #fault(code: DecodeErrorCode, context: string, offset = 0): void {
    this.#state.errors.add(code, offset, context)
  }

  /**
   *     version(2)=9 count(2) sysUptime(4) unixSeconds(4) sequence(4) sourceId(4)      RFC 3954 §5.1
   */
  #netflow9(view: DataView, at: number, end: number, sourcePort: number, out: FlowColumns): void {
    const state = this.#state
    if (end - at < 20) {
      this.#fault('datagram-too-short', 'in netflow9')
      return
    }
    const uptimeMs = view.getUint32(at + 4)
    const seconds = view.getUint32(at + 8)
    const sequence = view.getUint32(at + 12)
    const session = state.session(sourcePort, 9, view.getUint32(at + 16))
    const restarted = noteUptime(session, uptimeMs, seconds)
    const arrival = arrivalOf(session.sequence, sequence, view, at, end, restarted)
    if (arrival === 'duplicate' && this.#isDropped()) return
    this.#setClock(session, seconds * 1000, uptimeMs, true)
    const seen = this.#sets.walk(session, view, at + 20, end, out)
    if (!seen.uncounted && view.getUint16(at + 2) !== seen.dataRecords + seen.templateRecords) state.countMismatches++
    session.sequence.advance(
      sequence,
      1,
      seen.uncounted ? undefined : seen.dataRecords,
      arrival,
      fingerprint(view, at, end),
    )
  }

  /**
   *     version(2)=10 length(2) exportSeconds(4) sequence(4) observationDomain(4)      RFC 7011 §3.1
   *
   * RFC 7011 §10.3.3 wants one message a datagram; some exporters put more, and all of them are read.
   */
  #ipfix(view: DataView, datagramAt: number, datagramEnd: number, sourcePort: number, out: FlowColumns): void {
    const state = this.#state
    let at = datagramAt
    for (let messages = 0; at < datagramEnd; messages++) {
      if (datagramEnd - at < 16 || (messages > 0 && view.getUint16(at) !== 10)) {
        if (messages === 0) this.#fault('datagram-too-short', 'in ipfix')
        else if (!isZero(view, at, datagramEnd)) state.trailingDatagrams++
        return
      }
      const length = view.getUint16(at + 2)
      if (length < 16) {
        this.#fault('set-length-invalid', 'in ipfix: in header', at + 2 - state.base)
        return
      }
      const end = Math.min(at + length, datagramEnd)
      this.#ipfixMessage(view, at, end, sourcePort, out)
      if (at + length > datagramEnd && state.errors.list.at(-1)?.code !== 'datagram-truncated') {
        state.errors.add('datagram-truncated', at - state.base, 'in ipfix')
      }
      at = end
    }
  }

  #ipfixMessage(view: DataView, at: number, end: number, sourcePort: number, out: FlowColumns): void {
    const state = this.#state
    const seconds = view.getUint32(at + 4)
    const sequence = view.getUint32(at + 8)
    const session = state.session(sourcePort, 10, view.getUint32(at + 12))
    const arrival = arrivalOf(session.sequence, sequence, view, at, end, false)
    if (arrival === 'duplicate' && this.#isDropped()) return
    const initKnown = session.systemInitMs > 0
    const uptimeMs = initKnown ? (seconds * 1000 - session.systemInitMs) % 4_294_967_296 : 0
    this.#setClock(session, seconds * 1000, uptimeMs, initKnown)
    const seen = this.#sets.walk(session, view, at + 16, end, out)
    const units = seen.uncounted ? undefined : seen.dataRecords
    session.sequence.advance(sequence, units, 1, arrival, fingerprint(view, at, end))
  }

  /** NetFlow v1, v5 and v7: see netflow-fixed.ts. Records are counted by length, the header's count is only compared. */
  #fixed(version: 1 | 5 | 7, view: DataView, at: number, end: number, sourcePort: number, out: FlowColumns): void {
    const state = this.#state
    const { name, headerLength, template } = fixedProtocols[version]!
    if (end - at < headerLength) {
      this.#fault('datagram-too-short', `in ${name}`)
      return
    }
    const count = view.getUint16(at + 2)
    const uptimeMs = view.getUint32(at + 4)
    const seconds = view.getUint32(at + 8)
    // v1 has no sequence number; its header is 8 octets shorter.
    const sequence = version === 1 ? 0 : view.getUint32(at + 16)
    const session = state.session(sourcePort, version, version === 5 ? view.getUint16(at + 20) : 0)
    const held = recordsHeld(view, at + headerLength, end, template.recordLength, count)
    const restarted = noteUptime(session, uptimeMs, seconds)
    const arrival = version === 1 ? 'first' : arrivalOf(session.sequence, sequence, view, at, end, restarted)
    if (arrival === 'duplicate' && this.#isDropped()) return
    this.#setClock(session, seconds * 1000 + Math.floor(view.getUint32(at + 12) / 1e6), uptimeMs, true)
    if (held !== count) state.errors.add('count-mismatch', 2, `in ${name}`)
    const last = at + headerLength + held * template.recordLength
    if (held < count && last < end) state.errors.add('datagram-truncated', last - at, `in ${name}: in record ${held}`)
    const row = out.length
    const found = this.#sink.data(template, view, at + headerLength, last, out, state.context, session)
    state.records += found
    if (version !== 1) session.sequence.advance(sequence, found, 1, arrival, fingerprint(view, at, end))
    const rate = version === 5 ? fixedSamplingRate(view.getUint16(at + 22)) : 1
    if (rate !== 1) {
      out.samplingRate.fill(rate, row, out.length)
      if (rate === 0) state.unscaledRecords += found
    }
  }

  #sflow(view: DataView, at: number, end: number, sourcePort: number, out: FlowColumns): void {
    const version = view.getUint32(at)
    if (version === 5) this.#outcome.duplicate = !decodeSflow(this.#state, view, at, end, sourcePort, out)
    else if (version === 2 || version === 4) this.#fault('version-unsupported', `sflow${version}`)
    else this.#fault('version-unknown', `version ${version}`)
  }

  #isDropped(): boolean {
    this.#outcome.duplicate = true
    return this.#state.options.duplicates === 'drop'
  }

  /**
   * Checks the header's clock against arrival. Within the bound it is believed; beyond it all times move by the skew, so
   * that flows keep their lengths and distances (F18). The bound for coming back is a fifth lower: no flapping.
   */
  #setClock(
    session: { version: number; domain: number; skewed: boolean },
    headerMs: number,
    uptimeMs: number,
    uptimeKnown: boolean,
  ): void {
    const state = this.#state
    const { context } = state
    const { clockSkewMsMax } = state.options
    const skewMs = headerMs - context.receivedMs
    state.clockSkewMs = skewMs
    session.skewed = Math.abs(skewMs) > (session.skewed ? clockSkewMsMax * 0.8 : clockSkewMsMax)
    if (session.skewed) state.clockSkewedDatagrams++
    context.version = session.version
    context.observationDomain = session.domain
    context.headerMs = headerMs
    context.shiftMs = session.skewed ? -skewMs : 0
    context.exportedMs = headerMs + context.shiftMs
    context.uptimeMs = uptimeMs
    context.uptimeKnown = uptimeKnown
  }

  readonly counters: ExporterCounters = countersOf(() => this.#state)
}

/** A record of DTLS begins with its type, 20 to 26, and the version's first octet, 254 (RFC 9147 §4). */
function isDtls(version: number): boolean {
  return (version & 0xff) === 0xfe && version >>> 8 >= 20 && version >>> 8 <= 26
}

/** Whole records that are there; octets of zero beyond the header's count are filling, not flows. */
function recordsHeld(view: DataView, at: number, end: number, recordLength: number, count: number): number {
  const whole = Math.floor((end - at) / recordLength)
  if (whole > count && isZero(view, at + count * recordLength, end)) return count
  return whole
}
