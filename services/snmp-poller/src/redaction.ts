import {
  arcsOf,
  formatOid,
  isWithin,
  type Oid,
  oid,
  opaqueNumber,
  type SnmpValue,
  type Varbind,
} from '../../../libs/snmp/src/index.ts'

/**
 * Subtrees that hold credentials as values or as indexes: USM's users and keys (RFC 3414), targets' security names
 * (RFC 3413), communities (RFC 3584), VACM's groups (RFC 3415), passwords of CISCO-CONFIG-COPY-MIB.
 */
const secretSubtrees = [
  '1.3.6.1.6.3.12.1.3.1.4',
  '1.3.6.1.6.3.15.1.2.2',
  '1.3.6.1.6.3.16.1.2',
  '1.3.6.1.6.3.16.1.4',
  '1.3.6.1.6.3.18.1.1',
  '1.3.6.1.4.1.9.9.96.1.1.1.1.7',
  '1.3.6.1.4.1.9.9.96.1.1.1.1.8',
].map(oid)

const redacted = '…'

/** One line of a walk, `OID type value`, without what was used to ask and what is known to be secret. */
export function walkLine(varbind: Varbind, secrets: readonly string[]): string {
  const subtree = secretSubtrees.find(one => isWithin(varbind.oid, one))
  if (subtree) return `${formatOid(subtree)}.${redacted} ${varbind.value.type} ${redacted}`
  const name = secrets.some(secret => spells(varbind.oid, secret)) ? redacted : formatOid(varbind.oid)
  return `${name} ${varbind.value.type} ${valueText(varbind.value, secrets)}`.trimEnd()
}

/** Tables indexed by a name spell it in arcs, one an octet. */
function spells(name: Oid, secret: string): boolean {
  return secret !== '' && `.${arcsOf(name).join('.')}.`.includes(`.${[...Buffer.from(secret)].join('.')}.`)
}

/** A value as a walk shows it, without `secrets`. */
export function valueText(value: SnmpValue, secrets: readonly string[]): string {
  switch (value.type) {
    case 'octets':
    case 'opaque': {
      const bytes = Buffer.from(value.value)
      if (secrets.some(secret => secret !== '' && bytes.includes(secret))) return redacted
      const number = value.type === 'opaque' ? opaqueNumber(value.value) : undefined
      if (number !== undefined) return String(number)
      const text = bytes.toString('utf8')
      const printable = /^[\p{L}\p{N}\p{P}\p{S}\p{Zs}\r\n\t]*$/u.test(text) && !text.includes('\ufffd')
      return printable ? JSON.stringify(text) : `hex ${bytes.toString('hex')}`
    }
    case 'oid':
      return formatOid(value.value)
    case 'ipAddress':
      return value.value.join('.')
    case 'invalid':
      return `${value.reason} tag ${value.tag} hex ${Buffer.from(value.value).toString('hex')}`
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
