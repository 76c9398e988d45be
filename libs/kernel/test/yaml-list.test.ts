import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { commentedList, withItemFields, withListItem } from '../src/yaml-list.ts'

const yaml = `# head
sites: [{ id: a }]   # as it was
devices:
  - { id: one, address: 192.0.2.1, snmp: { auth: 'x' } } # first
  - id: two
    address: "192.0.2.2" # second
`

describe('fields of an item', () => {
  it('change without another octet of the file', () => {
    expect(
      withItemFields(yaml, 'f', 'devices', 'one', [
        [['snmp', 'auth'], 'y'],
        [['address'], '2001:db8::1'],
      ]),
    ).toBe(yaml.replace("'x'", 'y').replace('192.0.2.1', '"2001:db8::1"'))
    expect(withItemFields(yaml, 'f', 'devices', 'two', [[['address'], '192.0.2.9']])).toBe(
      yaml.replace('"192.0.2.2"', '192.0.2.9'),
    )
  })

  it('are added where they are not there, and comments stay', () => {
    const after = withItemFields(yaml, 'f', 'devices', 'two', [[['snmp', 'port'], 1161]])!
    expect(parse(after).devices[1]).toEqual({ id: 'two', address: '192.0.2.2', snmp: { port: 1161 } })
    for (const comment of ['# head', '# as it was', '# first', '# second']) expect(after).toContain(comment)
  })

  it.each(['1.5', 'true', '~', 'a: b', "it's", '', '*x', '1e3'])('keep %j a text', value => {
    const after = withItemFields(yaml, 'f', 'devices', 'one', [[['snmp', 'auth'], value]])!
    expect(parse(after).devices[0].snmp.auth).toBe(value)
  })

  it('are those of an item that is there', () => {
    expect(withItemFields(yaml, 'f', 'devices', 'three', [])).toBeUndefined()
    expect(() => withItemFields('a: [', 'f', 'devices', 'one', [])).toThrow('f: ')
  })
})

describe('an item', () => {
  it.each(['', '# nothing yet\n', 'devices: []\n', 'devices:\n', 'devices: [{ id: a }]\n', yaml])(
    'joins %j',
    before => {
      const had = parse(before)?.devices ?? []
      const after = withListItem(before, 'f', 'devices', { comment: ['new\none'], value: { id: 'n' } })
      expect(parse(after)).toEqual({ ...parse(before), devices: [...had, { id: 'n' }] })
      for (const comment of before.match(/#.*/g) ?? []) expect(after).toContain(comment)
    },
  )

  it('joins no mapping', () => {
    expect(() => withListItem('devices: { a: 1 }', 'f', 'devices', { comment: [], value: {} })).toThrow('is no list')
  })

  it('has its comment on lines of its own', () => {
    const text = commentedList(['h\u2028x'], 'l', [{ comment: ['a\r\nb: c', '\u001b[2J'], value: { id: 'n' } }])
    expect(text).toBe('# h x\n\nl:\n  # a b: c\n  #  [2J\n  - id: n\n')
  })
})
