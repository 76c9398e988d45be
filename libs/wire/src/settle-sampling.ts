import type { FlowColumns } from './flow-columns.ts'
import type { PlanField, RecordPlan } from './record-plan.ts'
import type { RecordTallies } from './record-tallies.ts'
import { integerAt } from './record-values.ts'
import { type SamplingTable, samplingRateOf } from './sampling.ts'

/** The rate of each record, where it depends on the record: docs/reference/flow-decoding.md has the order. */
export function settleSampling(
  plan: RecordPlan,
  view: DataView,
  at: number,
  stride: number,
  records: number,
  out: FlowColumns,
  row: number,
  sampling: SamplingTable,
  tallies: RecordTallies,
): void {
  const { samplingRate, inputInterface, outputInterface, direction } = out
  const own = plan.samplesItself
  let sampler = -1
  let samplerRate = 0
  for (let i = row, record = at; i < row + records; i++, record += stride) {
    let rate: number
    if (own) rate = ownRate(plan, view, record)
    else if (plan.samplerId) {
      const id = integerAt(plan.samplerId, view, record)
      if (id !== sampler) {
        sampler = id
        samplerRate = sampling.ofSampler(id)
      }
      rate = samplerRate
    } else {
      const index = direction[i] === 1 ? outputInterface[i]! : inputInterface[i]!
      rate = sampling.interfaces.get(index) ?? sampling.fallback
    }
    // A record with an empty interval and a sampler whose table told the rate is still known.
    if (rate === 0 && own && plan.samplerId) rate = sampling.ofSampler(integerAt(plan.samplerId, view, record))
    samplingRate[i] = rate
    if (rate === 0) tallies.unscaledRecords++
  }
}

function ownRate(plan: RecordPlan, view: DataView, record: number): number {
  const value = (field: PlanField | undefined): number | undefined =>
    field ? integerAt(field, view, record) : undefined
  return samplingRateOf({
    interval: value(plan.samplingInterval),
    algorithm: value(plan.samplingAlgorithm),
    run: value(plan.samplingRun),
    space: value(plan.samplingSpace),
    size: value(plan.samplingSize),
    population: value(plan.samplingPopulation),
  })
}
