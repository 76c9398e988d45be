import { expect, it } from 'vitest'
import { set, text, u32, v9, v9OptionsTemplate } from '../../../libs/wire/test/packets.ts'
import { FlowsBench, startMs } from './flows-bench.ts'

const fixed = (value: string, length: number) => [
  ...Buffer.alloc(length, 0).fill(value, 0, Math.min(length, Buffer.byteLength(value))),
]
/** Cisco's "option interface-table" and "option vrf-table", scope System. */
const optionsTemplates = set(
  1,
  v9OptionsTemplate(
    257,
    [[1, 4]],
    [
      [10, 4],
      [82, 32],
      [83, 64],
    ],
  ),
  v9OptionsTemplate(
    258,
    [[1, 4]],
    [
      [234, 4],
      [236, 32],
    ],
  ),
)
const interfaceOf = (index: number, name: string, description: string) => [
  ...u32(1),
  ...u32(index),
  ...fixed(name, 32),
  ...fixed(description, 64),
]
const vrfOf = (id: number, name: string) => set(258, u32(1), u32(id), fixed(name, 32))

function sender(bench: FlowsBench) {
  let sequence = 0
  return (...sets: number[][]) =>
    bench.send([v9(sets, { sequence: sequence++, seconds: Math.floor(startMs / 1_000), domain: 7 })])
}

function namesOf(bench: FlowsBench) {
  const block = bench.closeEpoch().blocks.find(({ table }) => table === 'exporter_names')?.block
  if (!block) return undefined
  expect(block.length).toBe(1)
  const column = (name: string) => (block.columns[name] as unknown[])[0]
  return {
    exporterId: column('exporter_id'),
    tenantId: column('tenant_id'),
    interfaces: JSON.parse(column('interfaces_json') as string) as [number, string, string][],
    vrfs: JSON.parse(column('vrfs_json') as string) as [number, string, string][],
  }
}

it('writes down what exporters call their interfaces and VRFs when it changes, and not over a restart', () => {
  const bench = new FlowsBench()
  const send = sender(bench)
  send(optionsTemplates, set(257, interfaceOf(10, 'Gi0/2', 'To branch'), interfaceOf(3, 'Gi0/1', '')), vrfOf(5, 'red'))
  expect(namesOf(bench)).toMatchObject({
    tenantId: 'acme',
    exporterId: expect.stringMatching(/^acme\//),
    interfaces: [
      [3, 'Gi0/1', ''],
      [10, 'Gi0/2', 'To branch'],
    ],
    vrfs: [[5, 'red', '']],
  })
  send(set(257, interfaceOf(3, 'Gi0/1', '')))
  expect(namesOf(bench)).toBeUndefined()
  bench.handOver()
  send(set(257, interfaceOf(3, 'Gi0/1', '')))
  expect(namesOf(bench)).toBeUndefined()
  send(vrfOf(5, 'blue'))
  expect(namesOf(bench)).toMatchObject({ interfaces: [[3, 'Gi0/1', ''], expect.anything()], vrfs: [[5, 'blue', '']] })
})

it('writes down once what a version before it only remembered', () => {
  const bench = new FlowsBench()
  const send = sender(bench)
  send(optionsTemplates, vrfOf(5, 'red'))
  bench.handOver(state => state.replace(',"written":true', ''))
  expect(namesOf(bench)).toMatchObject({ vrfs: [[5, 'red', '']] })
  bench.handOver()
  expect(namesOf(bench)).toBeUndefined()
})

it('bounds hostile names: control codes, a name that fills a datagram, a hundred thousand of them', () => {
  const bench = new FlowsBench()
  const send = sender(bench)
  const long = 60_000
  send(
    optionsTemplates,
    vrfOf(1, '\u001b[2J\u202ered\u0007'),
    set(
      1,
      v9OptionsTemplate(
        259,
        [[1, 4]],
        [
          [234, 4],
          [236, long],
        ],
      ),
    ),
  )
  send(set(259, u32(1), u32(2), fixed('x'.repeat(long), long)))
  expect(namesOf(bench)?.vrfs).toEqual([
    [1, '\ufffd[2J\ufffdred\ufffd', ''],
    [2, 'x'.repeat(255), ''],
  ])
  send(
    set(
      1,
      v9OptionsTemplate(
        261,
        [[1, 4]],
        [
          [10, 4],
          [82, 8],
        ],
      ),
    ),
  )
  const shortOf = (index: number) => [...u32(1), ...u32(index), ...fixed(`if${index}`, 8)]
  for (let from = 0; from < 100_000; from += 500) {
    send(set(261, ...Array.from({ length: 500 }, (_, i) => shortOf(from + i + 1))))
  }
  const { interfaces } = namesOf(bench)!
  expect(interfaces).toHaveLength(8_192)
  expect(interfaces.at(-1)).toEqual([100_000, 'if100000', ''])
  expect(bench.counts.namesBeyond).toBe(100_000 - 8_192)
  // Widths that pass 32 bits name nothing a flow could carry.
  send(
    set(
      1,
      v9OptionsTemplate(
        260,
        [[1, 4]],
        [
          [234, 8],
          [236, 8],
        ],
      ),
    ),
    set(260, u32(1), u32(1), u32(0), text('too big ')),
  )
  expect(namesOf(bench)?.vrfs).toHaveLength(2)
})
