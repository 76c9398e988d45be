import type { ColumnValues } from '../store.ts'
import type { ColumnType } from '../tables.ts'

/** Bytes a value takes. */
export const columnWidths: Readonly<Record<Exclude<ColumnType, 'String'>, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  DateTime: 4,
  UInt64: 8,
  Float64: 8,
  'DateTime64(3)': 8,
  IPv6: 16,
}

/** ClickHouse's DateTime64 ends in the year 2299; before 1970 nothing here happens. */
const timestampMaxMs = 10_413_791_999_999

/**
 * Writes a column of fixed width at `at`, a multiple of 8, of `target`. Arrays of the column's own kind are copied whole.
 * @returns the first row whose value does not fit the type, or -1
 */
export function writeFixed(
  type: Exclude<ColumnType, 'String'>,
  values: ColumnValues,
  target: ArrayBuffer,
  at: number,
): number {
  const length = values.length
  switch (type) {
    case 'IPv6':
      new Uint8Array(target, at, length).set(values as Uint8Array)
      return -1
    case 'UInt8':
      return writeIntegers(values, new Uint8Array(target, at, length), 0xff)
    case 'UInt16':
      return writeIntegers(values, new Uint16Array(target, at, length), 0xffff)
    case 'UInt32':
    case 'DateTime':
      return writeIntegers(values, new Uint32Array(target, at, length), 0xffff_ffff)
    case 'UInt64':
      return writeBigIntegers(values as BigUint64Array | readonly bigint[], new BigUint64Array(target, at, length))
    case 'Float64':
      new Float64Array(target, at, length).set(values as ArrayLike<number>)
      return -1
    case 'DateTime64(3)':
      return writeMilliseconds(values as ArrayLike<number>, new Uint32Array(target, at, 2 * length))
  }
}

function writeIntegers(values: ColumnValues, target: Uint8Array | Uint16Array | Uint32Array, max: number): number {
  if (values.constructor === target.constructor) {
    target.set(values as Uint32Array)
    return -1
  }
  const numbers = values as ArrayLike<number>
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!
    // Written so that NaN fails too; fractions are cut.
    if (!(value >= 0 && value <= max)) return i
    target[i] = value
  }
  return -1
}

function writeBigIntegers(values: BigUint64Array | readonly bigint[], target: BigUint64Array): number {
  if (values instanceof BigUint64Array) {
    target.set(values)
    return -1
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) return i
    target[i] = value
  }
  return -1
}

/** As int64, written in halves: a BigInt a row would cost an allocation each. */
function writeMilliseconds(values: ArrayLike<number>, halves: Uint32Array): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!(value >= 0 && value <= timestampMaxMs)) return i
    const high = Math.floor(value / 4_294_967_296)
    halves[2 * i] = value - high * 4_294_967_296
    halves[2 * i + 1] = high
  }
  return -1
}
