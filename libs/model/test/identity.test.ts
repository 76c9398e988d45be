import { describe, expect, it } from 'vitest'
import {
  alarmId,
  deviceSchema,
  interfaceId,
  inventoryProblems,
  inventorySchema,
  parseInterfaceId,
} from '../src/index.ts'

describe('identity', () => {
  it('gives an alarm the same id for what raised it, and another for anything else', () => {
    const id = alarmId('northwind', 'link-down', 'interface/edge-1/Gi0/1', '', 1_700_000_000_000)
    expect(id).toBe(alarmId('northwind', 'link-down', 'interface/edge-1/Gi0/1', '', 1_700_000_000_000))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const others = [
      alarmId('harbour', 'link-down', 'interface/edge-1/Gi0/1', '', 1_700_000_000_000),
      alarmId('northwind', 'link-down', 'interface/edge-1/Gi0/1', 'in', 1_700_000_000_000),
      alarmId('northwind', 'link-down', 'interface/edge-1/Gi0/1', '', 1_700_000_060_000),
    ]
    expect(new Set([id, ...others]).size).toBe(4)
  })

  it('splits an interface id although interface names hold slashes', () => {
    expect(parseInterfaceId(interfaceId('edge-1', 'Gi0/0/1'))).toEqual({ deviceId: 'edge-1', ifName: 'Gi0/0/1' })
  })

  it('refuses a device id with a slash', () => {
    expect(deviceSchema.safeParse({ id: 'a/b', tenant: 't', site: 's', address: '192.0.2.1' }).success).toBe(false)
  })
})

describe('inventory', () => {
  it('names what does not fit together', () => {
    const inventory = inventorySchema.parse({
      tenants: [{ id: 'a' }, { id: 'b' }],
      sites: [
        { id: 'a1', tenant: 'a' },
        { id: 'x1', tenant: 'x' },
      ],
      devices: [
        { id: 'd1', tenant: 'b', site: 'a1', address: '192.0.2.1' },
        { id: 'd1', tenant: 'a', site: 'nope', address: '192.0.2.1' },
      ],
    })
    expect(inventoryProblems(inventory)).toEqual([
      'device "d1" is given twice; ids are unique',
      'site "x1" names the unknown tenant "x"',
      'device "d1" of tenant "b" names site "a1" of tenant "a"',
      'device "d1" names the unknown site "nope"',
    ])
  })
})
