/**
 * 32 well-mixed bits from a seed and two counters (the finaliser of MurmurHash3). The model draws its randomness from
 * places in time rather than from a generator's state, so that any moment can be asked for in any order.
 */
export function hash(seed: number, a: number, b = 0): number {
  let mixed = seed ^ Math.imul(a + 0x7f4a7c15, 0x9e3779b1) ^ Math.imul(b + 0x165667b1, 0x85ebca77)
  mixed ^= mixed >>> 16
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  mixed ^= mixed >>> 16
  return mixed >>> 0
}

/** A number in [0, 1) from a seed and two counters. */
export function hashUnit(seed: number, a: number, b = 0): number {
  return hash(seed, a, b) / 4_294_967_296
}
