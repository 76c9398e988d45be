import { isZero } from './byte-view.ts'
import type { DatagramContext } from './datagram-context.ts'
import type { DecodeErrorCode } from './decode-errors.ts'
import { createSession, type DomainSession, sessionKey } from './domain-session.ts'
import { type ExporterState, type RecordSink, templateFieldsCeiling } from './exporter-state.ts'
import { FlowColumns } from './flow-columns.ts'
import { learnFromOptions } from './options-data.ts'
import { learnNames } from './options-names.ts'
import { invalidFields } from './record-plan.ts'
import { layoutOf, locateFields, makeTemplate, noteAnnounced, type Template } from './template.ts'
import { type TemplateField, variableLength } from './template-field.ts'
import { readTemplates, type TemplateSetFormat } from './template-sets.ts'

/** An id that returns to a former layout this often within `flipFlopMs` has two owners; it rests for `quarantineMs`. */
const flipFlopsMax = 2
const flipFlopMs = 3_600_000
const quarantineMs = 1_800_000

/** Header fields of the longest kind: what a record of a datagram can be at most. */
const recordLengthMax = 65_535 - 24

const starts = new Int32Array(templateFieldsCeiling)
const lengths = new Int32Array(templateFieldsCeiling)

/** What the sets of one datagram held, for the sequence number and the header's count. */
export interface SetsSeen {
  /** Flow and options records. */
  dataRecords: number
  templateRecords: number
  /** Some records could not be counted: no template, or a fault. */
  uncounted: boolean
}

/**
 * Walks the sets of NetFlow v9 and IPFIX datagrams (RFC 3954 §5, RFC 7011 §3.3):
 *
 *     set   id(2) length(2) records padding
 *     id    0, 1 templates of v9; 2, 3 templates of IPFIX; 256 and above data of the template with this id
 *
 * A set that runs past the datagram gives its complete records. Lengths are trusted, counts are not (F03).
 */
export class SetWalker {
  readonly #state: ExporterState
  readonly #sink: RecordSink
  readonly #seen: SetsSeen = { dataRecords: 0, templateRecords: 0, uncounted: false }
  // Of the datagram being walked.
  #session: DomainSession = createSession(-1, 0, 0, 0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #out: FlowColumns = noColumns
  #set = 0
  /** While data of an earlier datagram is read: offset of the template that it waited for; else -1. */
  #heldAt = -1

  constructor(state: ExporterState, sink: RecordSink) {
    this.#state = state
    this.#sink = sink
  }

  /** @returns counts that the next call reuses */
  walk(session: DomainSession, view: DataView, at: number, end: number, out: FlowColumns): SetsSeen {
    const seen = this.#seen
    seen.dataRecords = 0
    seen.templateRecords = 0
    seen.uncounted = false
    this.#session = session
    this.#view = view
    this.#out = out
    this.#set = 0
    let position = at
    while (position + 4 <= end) {
      const id = view.getUint16(position)
      const length = view.getUint16(position + 2)
      if (length < 4) {
        // PAN-OS fills its datagrams up with zeros; a set of length 0 that is not that would never end (F04).
        if (id !== 0 || length !== 0 || !isZero(view, position, end)) this.#fault('set-length-invalid', position + 2)
        return seen
      }
      const setEnd = Math.min(position + length, end)
      if (position + length > end) this.#fault('datagram-truncated', position)
      this.#walkSet(id, position + 4, setEnd)
      position = setEnd
      this.#set++
    }
    if (position < end && !isZero(view, position, end)) {
      // v9 has no length in its header: what is left of a set's header is all that tells of the cut.
      this.#fault(session.version === 9 ? 'datagram-truncated' : 'trailing-bytes', position)
    }
    return seen
  }

  #walkSet(id: number, at: number, end: number): void {
    const ipfix = this.#session.version === 10
    if (id >= 256) this.#dataSet(id, at, end)
    // Exporters that put v9's template sets into IPFIX are understood.
    else if (id === 0) this.#templateSet('netflow9', at, end)
    else if (id === 1) this.#templateSet('netflow9-options', at, end)
    else if (id === 2 && ipfix) this.#templateSet('ipfix', at, end)
    else if (id === 3 && ipfix) this.#templateSet('ipfix-options', at, end)
    else this.#fault('set-id-reserved', at - 4)
  }

  #dataSet(id: number, at: number, end: number): void {
    const key = this.#state.templateKey(this.#session, id)
    const template = this.#template(key)
    if (!template) {
      this.#hold(key, at, end)
      return
    }
    if (template.flipFlops >= flipFlopsMax && this.#state.context.receivedMs - template.changedMs < quarantineMs) {
      this.#fault('template-flip-flop', at - 4, `in template ${id}`)
      return
    }
    this.#seen.dataRecords += this.#readRecords(template, this.#view, at, end)
  }

  /** The template, unless it is so old that it may be another exporter's by now; notes that it was used. */
  #template(key: number): Template | undefined {
    const state = this.#state
    const template = state.templates.get(key)
    if (!template) return undefined
    const { receivedMs } = state.context
    if (receivedMs - Math.max(template.lastSeenMs, template.usedMs) > state.options.templateMsMax) {
      state.templates.delete(key)
      state.templatesExpired++
      return undefined
    }
    if (receivedMs > template.usedMs) template.usedMs = receivedMs
    return template
  }

  /** @returns data records, of flows or options */
  #readRecords(template: Template, view: DataView, at: number, end: number): number {
    const state = this.#state
    if (template.options) return this.#optionsRecords(template, view, at, end)
    const found = this.#sink.data(template, view, at, end, this.#out, state.context, this.#session)
    const records = found < 0 ? -1 - found : found
    state.records += records
    if (found < 0) this.#fault('record-truncated', at, `in template ${template.id}: in record ${records}`)
    return records
  }

  #optionsRecords(template: Template, view: DataView, at: number, end: number): number {
    const state = this.#state
    let position = at
    let records = 0
    while (end - position >= template.recordLength) {
      const next = locateFields(template.fields, view, position, end, starts, lengths)
      if (next < 0) {
        this.#fault('record-truncated', position, `in template ${template.id}: in record ${records}`)
        break
      }
      learnFromOptions(template, view, starts, lengths, this.#session)
      learnNames(template, view, starts, lengths, this.#session.sourcePort, state.names)
      this.#sink.options?.(template, view, starts, lengths, state.context, this.#session)
      records++
      position = next
    }
    state.optionsRecords += records
    return records
  }

  #hold(key: number, at: number, end: number): void {
    const state = this.#state
    const { sourcePort, version, domain } = this.#session
    this.#seen.uncounted = true
    state.heldNow++
    const gone = state.held.add({
      templateKey: key,
      sessionKey: sessionKey(sourcePort, version, domain),
      context: { ...state.context },
      octets: new Uint8Array(this.#view.buffer, at, end - at).slice(),
    })
    for (let i = 0; i < gone; i++) this.#fault('template-missing', at - 4)
  }

  #templateSet(format: TemplateSetFormat, at: number, end: number): void {
    const fault = readTemplates(format, this.#view, at, end, this.#state.options.templateFieldsMax, found => {
      this.#seen.templateRecords++
      if (found.fields.length === 0 && format.startsWith('ipfix')) this.#withdraw(found.id, found.options, found.at)
      else this.#define(found.id, found.options, found.scopeCount, found.fields, found.at)
    })
    if (fault) this.#fault(fault.code, fault.at, `in template ${fault.id}`)
  }

  #define(id: number, options: boolean, scopeCount: number, fields: readonly TemplateField[], at: number): void {
    const state = this.#state
    const context = `in template ${id}`
    const key = state.templateKey(this.#session, id)
    const known = state.templates.get(key)
    const layout = layoutOf(options, scopeCount, fields)
    if (known?.layout === layout) {
      noteAnnounced(known, state.context.receivedMs)
      state.templateRefreshMs = known.refreshMs
      return
    }
    const template = this.#isV9Variable(fields)
      ? 'template-record-too-long'
      : makeTemplate(
          id,
          options,
          scopeCount,
          fields,
          { fieldsMax: state.options.templateFieldsMax, recordLengthMax },
          layout,
        )
    if (typeof template === 'string') {
      this.#fault(template, at, context)
      return
    }
    for (const index of invalidFields(template.fields)) {
      const { element, length } = template.fields[index]!
      this.#fault('template-field-length-invalid', at, `${context}: in element ${element} of ${length} octets`)
    }
    template.changedMs = state.context.receivedMs
    template.firstSeenMs = known?.firstSeenMs ?? template.changedMs
    template.lastSeenMs = template.changedMs
    if (known) {
      template.refreshMs = known.refreshMs
      state.templatesRedefined++
      const recent = template.changedMs - known.changedMs < flipFlopMs
      const returned = template.layout === known.previousLayout
      template.flipFlops = recent ? known.flipFlops + (returned ? 1 : 0) : 0
      template.previousLayout = known.layout
    }
    state.templates.set(key, template)
    this.#session[options ? 'optionsTemplates' : 'dataTemplates'].add(id)
    this.#session[options ? 'dataTemplates' : 'optionsTemplates'].delete(id)
    if (!known) this.#readHeld(key, template, at - state.base)
  }

  /** 65,535 is a length in v9, not a mark (pmacct#934), except where text has its own length, as H3C and nProbe do it. */
  #isV9Variable(fields: readonly TemplateField[]): boolean {
    return (
      this.#session.version === 9 && fields.some(({ element, length }) => length === variableLength && element < 82)
    )
  }

  /** Data that came before its template, each set read against its own datagram's header. */
  #readHeld(key: number, template: Template, at: number): void {
    const state = this.#state
    const { held, context } = state
    const sets = held.take(key)
    if (sets.length === 0) return
    const now: DatagramContext = { ...context }
    this.#heldAt = at
    for (const set of sets) {
      Object.assign(context, set.context)
      // They belong to datagrams of the past: their records are not this one's for the sequence number.
      this.#readRecords(template, new DataView(set.octets.buffer), 0, set.octets.length)
    }
    Object.assign(context, now)
    this.#heldAt = -1
  }

  /**
   * Reads what still waits with the template that another source port of the exporter announced for the same version, domain
   * and id, where there is but one: for the end of a capture, whose exporter may change its port from datagram to datagram.
   */
  readHeldByOtherPorts(out: FlowColumns): void {
    const state = this.#state
    this.#out = out
    const sessions = [...state.sessions.values()]
    for (const key of state.held.templateKeys()) {
      const own = sessions.find(session => session.ordinal === Math.floor(key / 65_536))
      if (!own) continue
      const found = new Map<string, { template: Template; session: DomainSession }>()
      for (const session of sessions) {
        if (session.version !== own.version || session.domain !== own.domain) continue
        const template = state.templates.get(state.templateKey(session, key % 65_536))
        if (template) found.set(template.layout, { template, session })
      }
      const [only] = found.values()
      if (found.size !== 1 || !only) continue
      this.#session = only.session
      this.#set = 0
      this.#readHeld(key, only.template, 0)
    }
  }

  /** A template without fields takes the template back; the set's own id takes all of its kind back (RFC 7011 §8.1). */
  #withdraw(id: number, options: boolean, at: number): void {
    const state = this.#state
    const session = this.#session
    if (id >= 256) state.templates.delete(state.templateKey(session, id))
    else if (id === (options ? 3 : 2)) {
      const ids = options ? session.optionsTemplates : session.dataTemplates
      for (const own of ids) state.templates.delete(state.templateKey(session, own))
      ids.clear()
    } else this.#fault('template-id-invalid', at, `in template ${id}`)
  }

  #fault(code: DecodeErrorCode, at: number, inner = ''): void {
    this.#seen.uncounted = true
    const protocol = this.#session.version === 10 ? 'ipfix' : 'netflow9'
    const isHeld = this.#heldAt >= 0
    const path = isHeld ? `in ${protocol}: in held data` : `in ${protocol}: in set ${this.#set}`
    this.#state.errors.add(code, isHeld ? this.#heldAt : at - this.#state.base, inner ? `${path}: ${inner}` : path)
  }
}

const noColumns = new FlowColumns(1)
