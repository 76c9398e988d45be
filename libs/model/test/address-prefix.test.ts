import { describe, expect, it } from 'vitest'
import { holdsAddress, parsePrefix } from '../src/index.ts'

describe('prefixes of addresses', () => {
  it('reads prefixes as people write them, and refuses host bits', () => {
    expect(parsePrefix('192.0.2.0/24')).toEqual({ family: 4, address: 0xc0000200n, bits: 24 })
    expect(parsePrefix('2001:db8::/32')).toEqual({ family: 6, address: 0x20010db8n << 96n, bits: 32 })
    expect(parsePrefix('::ffff:192.0.2.1')).toEqual({ family: 6, address: 0xffffc0000201n, bits: 128 })
    for (const text of ['192.0.2.1/24', '192.0.2.0/33', '192.0.2', '2001:db8::/129', '', '::/-1', '10.0.0.0/8/8']) {
      expect(parsePrefix(text)).toBeUndefined()
    }
  })

  it('hold addresses and longer prefixes of their family', () => {
    const holds = (prefix: string, one: string): boolean => holdsAddress(parsePrefix(prefix)!, parsePrefix(one)!)
    expect(holds('192.0.2.0/24', '192.0.2.255')).toBe(true)
    expect(holds('192.0.2.0/24', '192.0.3.0')).toBe(false)
    expect(holds('192.0.2.0/24', '192.0.2.128/25')).toBe(true)
    expect(holds('192.0.2.128/25', '192.0.2.0/24')).toBe(false)
    expect(holds('::/0', '192.0.2.1')).toBe(false)
    expect(holds('2001:db8::/32', '2001:db8:ffff::1')).toBe(true)
  })
})
