import {
  ethernet,
  flowSample,
  ipfix,
  ipfixOptionsTemplate,
  ipv4Packet,
  octets,
  sampledHeader,
  set,
  sflow,
  struct,
  tcpSegment,
  template,
  u16,
  u32,
  v5,
  v5Record,
  v9,
} from './packets.ts'

export type Random = () => number

/** mulberry32: the same datagrams every time, and the seed in the test's name. */
export function randomOf(start: number): Random {
  let state = start
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const below = (random: Random, n: number): number => Math.floor(random() * n)
const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!
const repeat = <T>(random: Random, max: number, make: () => T): T[] =>
  Array.from({ length: below(random, max + 1) }, make)
const noiseOf = (random: Random, length: number): number[] => Array.from({ length }, () => below(random, 256))

/** Any octets; half of them look like a protocol at least. */
export function noise(random: Random): Uint8Array {
  const result = Uint8Array.from(noiseOf(random, below(random, 200)))
  if (result.length > 4 && random() < 0.5)
    result.set(
      pick(random, [
        [0, 1],
        [0, 5],
        [0, 7],
        [0, 9],
        [0, 10],
        [0, 0, 0, 5],
      ]),
    )
  return result
}

const path = struct(1_003, u32(1), [1, 2, 3, 4], u32(1), u32(2), u32(3), u32(1), u32(2), u32(1), u32(4), u32(0), u32(5))

/** One valid datagram of each protocol, for mutation. */
export const valid: readonly Uint8Array[] = [
  v5([v5Record(), v5Record(), v5Record()]),
  v9([
    set(
      0,
      template(256, [
        [8, 4],
        [12, 4],
        [1, 4],
        [22, 4],
        [48, 1],
      ]),
    ),
    set(256, new Array<number>(34).fill(7)),
  ]),
  ipfix([
    set(
      2,
      template(256, [
        [371, 65_535],
        [1, 8],
        [2, 4, 29_305],
        [291, 65_535],
      ]),
    ),
    set(256, [2, 0x61, 0x62], new Array<number>(12).fill(1), [9, 3, 0, 1, 0, 4, 0, 0, 0, 9]),
    set(
      3,
      ipfixOptionsTemplate(
        257,
        [[149, 4]],
        [
          [34, 4],
          [302, 2],
          [96, 65_535],
          [82, 65_535],
        ],
      ),
    ),
    set(257, u32(1), u32(10), [0, 1], [2, 0x61, 0x62, 1, 0x63]),
  ]),
  sflow([
    flowSample([sampledHeader(ethernet(0x8100, [0, 9, 8, 0], ipv4Packet(6, tcpSegment()))), path]),
    struct(2, u32(1), u32(3), u32(1), struct(1, new Array<number>(88).fill(3))),
  ]),
]

/** Flips, overwrites, cuts, repeats and moves: what zzuf does, with a liking for the lengths in the header. */
export function mutate(random: Random, seeds: readonly Uint8Array[] = valid): Uint8Array {
  let result: Uint8Array = pick(random, seeds).slice()
  for (let changes = 1 + below(random, 6); changes > 0; changes--) {
    const at = below(random, random() < 0.5 ? Math.min(result.length, 64) : result.length)
    const kind = random()
    if (kind < 0.35) result[at] = below(random, 256)
    else if (kind < 0.55) result[at] = pick(random, [0, 1, 0x7f, 0x80, 0xff])
    else if (kind < 0.75) result[at]! ^= 1 << below(random, 8)
    else if (kind < 0.85) result = result.slice(0, at + 1)
    else if (kind < 0.93) result = octets(result, result.slice(at)).slice(0, 4_096)
    else {
      const other = pick(random, seeds)
      result.set(other.subarray(0, Math.min(other.length, result.length - at)), at)
    }
  }
  return result
}

/** Datagrams by the protocols' grammars, with lengths, counts and ids that are likely wrong in one place. */
export function byGrammar(random: Random): Uint8Array {
  const kind = below(random, 8)
  if (kind === 0) return fixedByGrammar(random)
  if (kind <= 2) return sflowByGrammar(random)
  const isIpfix = kind <= 5
  const sets = repeat(random, 6, () => setByGrammar(random, isIpfix))
  const header = { sequence: below(random, 1_000), domain: below(random, 3), count: below(random, 40) }
  return isIpfix
    ? ipfix(sets, { ...header, ...(random() < 0.1 ? { length: wrongLength(random) } : {}) })
    : v9(sets, header)
}

function fixedByGrammar(random: Random): Uint8Array {
  const records = repeat(random, 31, () => noiseOf(random, 48))
  return v5(records, {
    version: pick(random, [1, 5, 5, 5, 7]),
    ...(random() < 0.3 ? { count: wrongLength(random) } : {}),
  })
}

const wrongLength = (random: Random): number =>
  pick(random, [0, 1, 3, 4, 5, 15, 16, 255, 1_000, 0x7fff, 0x8000, 0xfffe, 0xffff])

function fieldByGrammar(random: Random, isIpfix: boolean): number[] {
  const element = random() < 0.9 ? 1 + below(random, 500) : below(random, 0x7fff)
  const length =
    random() < 0.7
      ? pick(random, [0, 1, 1, 2, 2, 3, 4, 4, 4, 6, 8, 8, 16])
      : pick(random, [0xffff, 0xffff, 9, 64, wrongLength(random)])
  const enterprise =
    isIpfix && random() < 0.25 ? pick(random, [0, 9, 29_305, 6_871, 35_632, below(random, 65_536)]) : undefined
  return enterprise === undefined
    ? [...u16(element), ...u16(length)]
    : [...u16(0x8000 | element), ...u16(length), ...u32(enterprise)]
}

function setByGrammar(random: Random, isIpfix: boolean): number[] {
  const kind = random()
  const id = 256 + below(random, 8)
  if (kind < 0.55) {
    const body = noiseOf(random, below(random, random() < 0.1 ? 1_200 : 120))
    return withLength(random, id, body)
  }
  const fields = repeat(random, random() < 0.05 ? 200 : 12, () => fieldByGrammar(random, isIpfix))
  const count = random() < 0.1 ? wrongLength(random) : fields.length
  if (kind < 0.85) return withLength(random, isIpfix ? 2 : 0, [...u16(id), ...u16(count), ...fields.flat()])
  const scopes = random() < 0.1 ? wrongLength(random) : below(random, fields.length + 1)
  const options = isIpfix
    ? [...u16(id), ...u16(count), ...u16(scopes)]
    : [...u16(id), ...u16(4 * scopes), ...u16(4 * Math.max(0, count - scopes))]
  return withLength(random, isIpfix ? 3 : 1, [...options, ...fields.flat()])
}

function withLength(random: Random, id: number, body: number[]): number[] {
  const whole = set(random() < 0.05 ? below(random, 256) : id, body)
  if (random() < 0.05) whole.splice(2, 2, ...u16(wrongLength(random)))
  return whole
}

const flowFormats = [
  1, 2, 3, 4, 1_001, 1_002, 1_003, 1_004, 1_006, 1_007, 1_012, 1_014, 1_020, 1_023, 1_029, 2_100, 2_206,
]
const counterFormats = [1, 2, 5, 10, 1_001, 1_005, 2_000, 2_001, 2_003, 2_105, 2_203, 5_703 * 4_096 + 1]

function sflowByGrammar(random: Random): Uint8Array {
  const wrong = (value: number): number[] =>
    u32(random() < 0.04 ? pick(random, [0, 1, 3, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) : value)
  const record = (formats: readonly number[]): number[] => {
    const body = random() < 0.4 ? sampledBody(random) : noiseOf(random, 4 * below(random, 30))
    return [...u32(random() < 0.9 ? pick(random, formats) : below(random, 0x7fff_ffff)), ...wrong(body.length), ...body]
  }
  const samples = repeat(random, 5, () => {
    const format = random() < 0.95 ? 1 + below(random, 5) : below(random, 0x7fff_ffff)
    const isCounter = format === 2 || format === 4
    const records = repeat(random, 5, () => record(isCounter ? counterFormats : flowFormats))
    const words = { 1: 7, 2: 2, 3: 10, 4: 3, 5: 7 }[format] ?? 3
    const body = [...noiseOf(random, 4 * words), ...wrong(records.length), ...records.flat()]
    return [...u32(format), ...wrong(body.length), ...body]
  })
  return sflow(samples, { sequence: below(random, 1_000), ...(random() < 0.1 ? { count: 0xffff_ffff } : {}) })
}

function sampledBody(random: Random): number[] {
  const type = pick(random, [0x0800, 0x86dd, 0x8100, 0x88a8, 0x8847, 0x8864, 0x88e7, below(random, 65_536)])
  const version = random() < 0.5 ? [0x40 | below(random, 16)] : [0x60]
  const frame = ethernet(type, [...version, ...noiseOf(random, below(random, 90))])
  return [
    ...u32(pick(random, [1, 1, 1, 7, 11, 12, 13, 14, 15])),
    ...u32(1_500),
    ...u32(4),
    ...u32(frame.length),
    ...frame,
  ]
}
