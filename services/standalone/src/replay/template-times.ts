/** How an absolute time is written: seconds, milliseconds, or NTP's seconds since 1900 with a binary fraction. */
type TimeForm = 'seconds' | 'milliseconds' | 'ntp'

/** Absolute times among IANA's information elements; those relative to the header or to sysUpTime need no shift. */
const timeElements: Readonly<Record<number, TimeForm>> = {
  150: 'seconds', // flowStartSeconds
  151: 'seconds', // flowEndSeconds
  152: 'milliseconds', // flowStartMilliseconds
  153: 'milliseconds', // flowEndMilliseconds
  154: 'ntp', // flowStartMicroseconds
  155: 'ntp', // flowEndMicroseconds
  156: 'ntp', // flowStartNanoseconds
  157: 'ntp', // flowEndNanoseconds
  160: 'milliseconds', // systemInitTimeMilliseconds
  258: 'milliseconds', // collectionTimeMilliseconds
  260: 'seconds', // maxExportSeconds
  261: 'seconds', // maxFlowEndSeconds
  322: 'seconds', // observationTimeSeconds
  323: 'milliseconds', // observationTimeMilliseconds
  324: 'ntp', // observationTimeMicroseconds
  325: 'ntp', // observationTimeNanoseconds
}

const formBytes: Readonly<Record<TimeForm, number>> = { seconds: 4, milliseconds: 8, ntp: 8 }
const variableLength = 65_535
const templatesMax = 4_096
const fieldsMax = 1_024

interface Field {
  length: number
  form: TimeForm | undefined
}

/**
 * Shifts absolute times in the data sets of one source. Knows templates just well enough to find them: what it cannot
 * read stays as it is, and the processor's check of record times against arrival deals with it.
 */
export class TemplateTimes {
  /** By domain and template id; undefined for one without times. */
  readonly #templates = new Map<string, readonly Field[] | undefined>()

  shift(view: DataView, protocol: 'netflow9' | 'ipfix', seconds: number): void {
    const ipfix = protocol === 'ipfix'
    const headerBytes = ipfix ? 16 : 20
    if (view.byteLength < headerBytes) return
    const domain = view.getUint32(ipfix ? 12 : 16)
    for (let at = headerBytes; at + 4 <= view.byteLength; ) {
      const id = view.getUint16(at)
      const length = view.getUint16(at + 2)
      const end = at + length
      if (length < 4 || end > view.byteLength) return
      if (id === (ipfix ? 2 : 0)) this.#learn(view, at + 4, end, domain, ipfix)
      else if (id >= 256) this.#shiftSet(view, at + 4, end, this.#templates.get(`${domain}/${id}`), seconds)
      at = end
    }
  }

  #learn(view: DataView, start: number, end: number, domain: number, ipfix: boolean): void {
    for (let at = start; at + 4 <= end; ) {
      const id = view.getUint16(at)
      const count = view.getUint16(at + 2)
      at += 4
      const fields: Field[] = []
      for (let i = 0; i < count; i++) {
        if (at + 4 > end || fields.length >= fieldsMax) return
        const element = view.getUint16(at)
        const length = view.getUint16(at + 2)
        const enterprise = ipfix && (element & 0x8000) !== 0
        const form = enterprise ? undefined : timeElements[element]
        fields.push({ length, form: form && formBytes[form] === length ? form : undefined })
        at += enterprise ? 8 : 4
      }
      if (this.#templates.size >= templatesMax) return
      this.#templates.set(`${domain}/${id}`, fields.some(({ form }) => form) ? fields : undefined)
    }
  }

  #shiftSet(view: DataView, start: number, end: number, fields: readonly Field[] | undefined, seconds: number): void {
    if (!fields) return
    for (let at = start; at < end; ) {
      const recordStart = at
      const times: { at: number; form: TimeForm }[] = []
      for (const { length, form } of fields) {
        let size = length
        if (length === variableLength) {
          if (at + 1 > end) return
          size = view.getUint8(at++)
          if (size === 255) {
            if (at + 2 > end) return
            size = view.getUint16(at)
            at += 2
          }
        }
        if (at + size > end) return
        if (form) times.push({ at, form })
        at += size
      }
      for (const time of times) shiftTime(view, time.at, time.form, seconds)
      if (at === recordStart) return
    }
  }
}

/** A zero means "not known" and stays. */
function shiftTime(view: DataView, at: number, form: TimeForm, seconds: number): void {
  if (form === 'milliseconds') {
    const value = view.getBigUint64(at)
    if (value !== 0n) view.setBigUint64(at, value + BigInt(seconds) * 1_000n)
    return
  }
  const value = view.getUint32(at)
  if (value !== 0) view.setUint32(at, value + seconds)
}
