import { expect, it } from 'vitest'
import { set, template, u16, u32, v9, v9OptionsTemplate } from '../../../libs/wire/test/packets.ts'
import { FlowsBench, startMs } from './flows-bench.ts'

const engine = 13 << 24
/** An application table as NBAR exports it: id and name (IE 95, 96; RFC 6759 §4.1, §6). */
const optionsTemplate = set(
  1,
  v9OptionsTemplate(
    257,
    [[1, 4]],
    [
      [95, 4],
      [96, 16],
    ],
  ),
)
const named = (id: number, name: string) => set(257, u32(1), u32(id >>> 0), [...Buffer.from(name.padEnd(16, '\0'))])
const flowTemplate = set(
  0,
  template(258, [
    [1, 4],
    [2, 4],
    [4, 1],
    [7, 2],
    [11, 2],
    [95, 4],
  ]),
)
const flow = (id: number) => set(258, u32(1_000), u32(2), [6], u16(51_000), u16(443), u32(id >>> 0), [0, 0, 0])

function sender(bench: FlowsBench) {
  let sequence = 0
  return (...sets: number[][]) =>
    bench.send([v9(sets, { sequence: sequence++, seconds: Math.floor(startMs / 1_000), domain: 7 })])
}

function applicationsOf(bench: FlowsBench): string[] {
  const { block } = bench.closeEpoch().blocks.find(({ table }) => table === 'flow_1m')!
  return [...(block.columns.application as string[])].sort()
}

it('applications have the names that their exporter’s options data gives them, over restarts too', () => {
  const bench = new FlowsBench()
  const send = sender(bench)
  send(optionsTemplate, named(engine | 453, 'webex-meeting'), flowTemplate)
  send(flow(engine | 453))
  send(flow(engine | 9_999))
  send(flow(0))
  expect(applicationsOf(bench)).toEqual(['https', 'pana-l7/9999', 'webex-meeting'])
  bench.handOver()
  send(flow(engine | 453))
  expect(applicationsOf(bench)).toEqual(['webex-meeting'])
  // A table that comes again with another name counts from then on.
  send(named(engine | 453, 'webex'))
  send(flow(engine | 453))
  expect(applicationsOf(bench)).toEqual(['webex'])
})
