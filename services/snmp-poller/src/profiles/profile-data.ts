import {
  type Column,
  displayText,
  formatOid,
  lastArc,
  type Oid,
  opaqueNumber,
  type SnmpValue,
} from '../../../../libs/snmp/src/index.ts'

const none: ReadonlyMap<Oid, SnmpValue> = new Map()
const atZero = '\0\0' as Oid

/** What was read of a device for its profiles: columns by index, scalars under index 0. */
export class ProfileData {
  readonly #columns = new Map<Oid, Map<Oid, SnmpValue>>()

  set(column: Oid, index: Oid, value: SnmpValue): void {
    const cells = this.#columns.get(column) ?? new Map<Oid, SnmpValue>()
    cells.set(index, value)
    this.#columns.set(column, cells)
  }

  setScalar(instance: Oid, value: SnmpValue): void {
    this.set(instance, atZero, value)
  }

  rows(column: Oid): ReadonlyMap<Oid, SnmpValue> {
    return this.#columns.get(column) ?? none
  }

  cell(column: Oid, index: Oid): SnmpValue | undefined {
    const cells = this.#columns.get(column)
    return cells?.get(index) ?? (lastArc(column) === 0 ? cells?.get(atZero) : undefined)
  }
}

/** A number, also where it is sent as text ("32.5 C") or as net-snmp's opaque float; undefined when there is none. */
export function numberOf(value: SnmpValue | undefined): number | undefined {
  switch (value?.type) {
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
      return value.value
    case 'counter64':
      return Number(value.value)
    case 'opaque':
      return opaqueNumber(value.value)
    case 'octets': {
      const match = /^\s*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i.exec(Buffer.from(value.value).toString('latin1'))
      return match ? Number(match[1]) : undefined
    }
    default:
      return undefined
  }
}

export function textOf(value: SnmpValue | undefined): string {
  switch (value?.type) {
    case 'octets':
      return displayText(value.value)
    case 'oid':
      return formatOid(value.value)
    case 'ipAddress':
      return value.value.join('.')
    case 'integer':
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
    case 'counter64':
      return String(value.value)
    default:
      return ''
  }
}

/** A column as the walk wants it; profiles do not pin types, readers take what is a number or a text. */
export function looseColumn(column: Oid): Column {
  return { name: formatOid(column), oid: column, type: 'octets' }
}
