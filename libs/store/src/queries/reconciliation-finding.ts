/** What the comparison of an interface's flows with its counters says. A word once given keeps its meaning. */
export const reconciliationFindings = [
  'ok',
  'wrong-sampling-rate',
  'export-loss',
  'double-counting',
  'missing-direction',
  'no-flows',
  'unexplained-excess',
  'too-little-traffic',
] as const
export type ReconciliationFinding = (typeof reconciliationFindings)[number]

interface Side {
  counterOctets: string
  flowOctets: string
  egressFlowOctets: string
}

/** Below this, a few packets that straddle an edge decide: a megabyte is a thousand large packets. */
const octetsMin = 1_000_000
/** Samples of some thousand packets scatter by several percent. */
const tolerance = 0.15

/** Names what is wrong, the most certain cause first. */
export function findingOf(compared: { in: Side; out: Side; samplingRate: number | null }): ReconciliationFinding {
  const sides = [compared.in, compared.out].map(side => ({
    counter: Number(side.counterOctets),
    flow: Number(side.flowOctets),
    egress: Number(side.egressFlowOctets),
  }))
  const judged = sides.filter(side => side.counter >= octetsMin)
  if (judged.length === 0) return 'too-little-traffic'
  if (sides.every(side => side.flow === 0)) return 'no-flows'
  const ratios = judged.map(side => side.flow / side.counter)
  if (judged.some(countsTwice)) return 'double-counting'
  if (ratios.every(ratio => isNear(ratio, 1))) return 'ok'
  if (ratios.length === 2 && Math.min(...ratios) < 0.05 && Math.max(...ratios) > 0.5) return 'missing-direction'
  if (ratios.every(ratio => isWrongRate(ratio, compared.samplingRate ?? 1)) && agree(ratios))
    return 'wrong-sampling-rate'
  return ratios.some(ratio => ratio < 1 - tolerance) ? 'export-loss' : 'unexplained-excess'
}

/** The same packets as they came in and as they left: either direction explains the counter alone. */
function countsTwice({ counter, flow, egress }: { counter: number; flow: number; egress: number }): boolean {
  return isNear(egress / counter, 1) && isNear((flow - egress) / counter, 1)
}

/** Scaled by another rate than was sampled by: mistaken rates are powers of two, or the rate itself, left out or twice. */
function isWrongRate(ratio: number, announced: number): boolean {
  if (isNear(ratio, 1)) return false
  const power = Math.log2(ratio)
  if (Math.abs(power - Math.round(power)) < 0.1) return true
  return announced > 1.5 && (isNear(ratio * announced, 1) || isNear(ratio / announced, 1))
}

function agree(ratios: readonly number[]): boolean {
  return Math.max(...ratios) <= Math.min(...ratios) * (1 + 2 * tolerance)
}

function isNear(value: number, wished: number): boolean {
  return Math.abs(value - wished) <= tolerance * wished
}
