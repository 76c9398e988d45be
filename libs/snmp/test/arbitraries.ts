import fc from 'fast-check'
import { type Message, type Oid, oidFromArcs, type Pdu, type SnmpValue, type Varbind } from '../src/index.ts'

const arc = fc.oneof(fc.nat(127), fc.nat(20_000), fc.integer({ min: 0, max: 4_294_967_295 }))

export const anyOid: fc.Arbitrary<Oid> = fc
  .tuple(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 126 }))
  .map(([first, second, rest]) => oidFromArcs([first, second, ...rest]))

const octets = fc.uint8Array({ maxLength: 300 })
const unsigned32 = fc.oneof(
  fc.integer({ min: 0, max: 4_294_967_295 }),
  fc.constantFrom(0, 127, 128, 0x8000_0000, 4_294_967_295),
)
const integer = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 127, 128, -128, -129, 2_147_483_647, -2_147_483_648))
const unsigned64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
)

export const anyValue: fc.Arbitrary<SnmpValue> = fc.oneof(
  integer.map(value => ({ type: 'integer', value }) as const),
  octets.map(value => ({ type: 'octets', value }) as const),
  anyOid.map(value => ({ type: 'oid', value }) as const),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(value => ({ type: 'ipAddress', value }) as const),
  fc
    .tuple(fc.constantFrom('counter32', 'gauge32', 'timeTicks'), unsigned32)
    .map(([type, value]) => ({ type, value }) as SnmpValue),
  octets.map(value => ({ type: 'opaque', value }) as const),
  unsigned64.map(value => ({ type: 'counter64', value }) as const),
  fc.constantFrom('null', 'noSuchObject', 'noSuchInstance', 'endOfMibView').map(type => ({ type }) as SnmpValue),
)

export const anyVarbinds = fc.array(
  fc.tuple(anyOid, anyValue).map(([oid, value]): Varbind => ({ oid, value })),
  { maxLength: 12 },
)

const anyPdu: fc.Arbitrary<Pdu> = fc.oneof(
  fc
    .tuple(fc.constantFrom('getRequest', 'getNextRequest', 'setRequest', 'trap', 'informRequest'), integer, anyVarbinds)
    .map(([kind, requestId, list]) => ({ kind, requestId, varbinds: list }) as Pdu),
  fc.tuple(integer, fc.nat(255), fc.nat(255), anyVarbinds).map(
    ([requestId, nonRepeaters, maxRepetitions, list]): Pdu => ({
      kind: 'getBulkRequest',
      requestId,
      nonRepeaters,
      maxRepetitions,
      varbinds: list,
    }),
  ),
  fc
    .tuple(fc.constantFrom('response', 'report'), integer, fc.nat(18), fc.nat(60), anyVarbinds)
    .map(
      ([kind, requestId, errorStatus, errorIndex, list]) =>
        ({ kind, requestId, errorStatus, errorIndex, varbinds: list }) as Pdu,
    ),
  fc.tuple(anyOid, fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(6), integer, unsigned32, anyVarbinds).map(
    ([enterprise, agentAddress, genericTrap, specificTrap, timestampCs, list]): Pdu => ({
      kind: 'trapV1',
      enterprise,
      agentAddress,
      genericTrap,
      specificTrap,
      timestampCs,
      varbinds: list,
    }),
  ),
)

export const anyMessage: fc.Arbitrary<Message> = fc
  .tuple(fc.constantFrom('v1', 'v2c'), fc.uint8Array({ maxLength: 40 }), anyPdu)
  .map(([version, community, pdu]) => ({ version, community, pdu }) as Message)
