import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type IdentityState, type InterfaceRow, identifyInterfaces, interfacesRememberedMax } from '../src/index.ts'

function row(ifIndex: number, ifName: string, physAddress = '', ifDescr = ''): InterfaceRow {
  return { ifIndex, ifName, ifDescr, physAddress }
}

function walk(polls: { rows: InterfaceRow[]; rebooted?: boolean }[]): {
  ids: string[][]
  changes: (string | undefined)[][]
} {
  let state: IdentityState = {}
  const ids: string[][] = []
  const changes: (string | undefined)[][] = []
  polls.forEach(({ rows, rebooted }, i) => {
    const result = identifyInterfaces(state, 'sw1', rows, { rebooted: rebooted ?? false, atMs: i * 30_000 })
    state = JSON.parse(JSON.stringify(result.state)) as IdentityState
    ids.push(result.rows.map(one => one.interfaceId))
    changes.push(result.rows.map(one => one.change))
  })
  return { ids, changes }
}

describe('identifyInterfaces', () => {
  it('keeps ids over ifIndex renumbering', () => {
    const { ids, changes } = walk([
      { rows: [row(1, 'eth0'), row(2, 'eth1')] },
      { rows: [row(1, 'eth1'), row(2, 'eth0'), row(7, 'eth2')], rebooted: true },
    ])
    expect(ids[1]).toEqual(['sw1/eth1', 'sw1/eth0', 'sw1/eth2'])
    expect(changes[1]).toEqual(['renumbered', 'renumbered', 'new'])
  })

  it('keeps the id of an interface that got another name at the same index with the same MAC', () => {
    const { ids, changes } = walk([
      { rows: [row(1, 'ether1', 'aa')] },
      { rows: [row(1, 'wan', 'aa')] },
      { rows: [row(9, 'wan', 'aa')], rebooted: true },
      { rows: [row(9, 'wan', 'aa'), row(1, 'ether1', 'bb')] },
    ])
    expect(ids).toEqual([['sw1/ether1'], ['sw1/ether1'], ['sw1/ether1'], ['sw1/ether1', 'sw1/ether1#1']])
    expect(changes[1]).toEqual(['renamed'])
  })

  it('takes another name after a reboot, or with another MAC, for another interface', () => {
    expect(walk([{ rows: [row(1, 'a', 'aa')] }, { rows: [row(1, 'b', 'aa')], rebooted: true }]).ids[1]).toEqual([
      'sw1/b',
    ])
    expect(walk([{ rows: [row(1, 'a', 'aa')] }, { rows: [row(1, 'b', 'bb')] }]).ids[1]).toEqual(['sw1/b'])
    expect(walk([{ rows: [row(1, 'a')] }, { rows: [row(1, 'b')] }]).ids[1]).toEqual(['sw1/b'])
  })

  it('tells interfaces of one name apart by ifDescr, else by ifIndex, whatever their order', () => {
    const byDescr = [row(1, 'port', '', 'Slot 1 Port 1'), row(2, 'port', '', 'Slot 2 Port 1')]
    expect(walk([{ rows: byDescr }]).ids[0]).toEqual(['sw1/port#Slot 1 Port 1', 'sw1/port#Slot 2 Port 1'])
    expect(walk([{ rows: [row(5, 'lan'), row(3, 'lan')] }]).ids[0]).toEqual(['sw1/lan#5', 'sw1/lan#3'])
    expect(
      walk([{ rows: byDescr }, { rows: [row(8, 'port', '', 'Slot 2 Port 1'), row(9, 'port', '', 'Slot 1 Port 1')] }])
        .ids[1],
    ).toEqual(['sw1/port#Slot 2 Port 1', 'sw1/port#Slot 1 Port 1'])
  })

  it('names an interface without ifName by ifDescr, then by ifIndex, without control characters', () => {
    expect(
      walk([{ rows: [row(1, '', '', 'Fast\u0000Ethernet 1'), row(2, ''), row(3, '\u001b[2J\n')] }]).ids[0],
    ).toEqual(['sw1/FastEthernet 1', 'sw1/ifIndex2', 'sw1/[2J'])
  })

  it('remembers a bounded number and forgets the longest unseen', () => {
    let state: IdentityState = {}
    for (let i = 0; i < 3; i++) {
      const rows = Array.from({ length: 2_000 }, (_, n) => row(n + 1, `ppp${i}-${n}`))
      const result = identifyInterfaces(state, 'bras', rows, { rebooted: false, atMs: i })
      state = result.state
      expect(result.forgotten).toHaveLength(Math.max(0, (i + 1) * 2_000 - interfacesRememberedMax))
    }
    expect(Object.keys(state)).toHaveLength(interfacesRememberedMax)
  })

  it('gives each row an id of its own, the same for the same walk', () => {
    const rows = fc.array(
      fc.record({
        ifIndex: fc.integer({ min: 1, max: 6 }),
        ifName: fc.constantFrom('a', 'b', '', '__proto__'),
        ifDescr: fc.constantFrom('', 'x', 'y'),
        physAddress: fc.constantFrom('', '01', '02'),
      }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(fc.array(fc.record({ rows, rebooted: fc.boolean() }), { maxLength: 6 }), polls => {
        const first = walk(polls)
        for (const ids of first.ids) expect(new Set(ids).size).toBe(ids.length)
        expect(walk(polls)).toEqual(first)
      }),
    )
  })
})
