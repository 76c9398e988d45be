import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { niceMax } from '../state/axis.ts'
import { lonePoints } from '../state/lone-points.ts'
import { clockTime, type RateScale, threeDigits } from '../state/units.ts'

/** Bits per second in slots of equal length, the last of which ends at `endMs`. */
export interface RateSeries {
  points: readonly (number | null)[]
  spanMs: number
  endMs: number
  scale: RateScale
}

export interface RateChart {
  show(series: RateSeries): void
  /** Takes the size its element has now; letters follow the base letter. */
  resize(): void
  destroy(): void
}

/** Seconds between two labels of the time axis: five or six labels on each span the wall shows. */
const timeSteps = [60, 180, 300, 600, 900]

/**
 * A line with labelled axes, drawn by uPlot. A slot without a value is a gap, a value between two gaps a dot; the axis of
 * rates begins at 0 and ends at a number that can be read aloud. Nothing reacts to a pointer: a wall has none.
 */
export function rateChart(element: HTMLElement, first: RateSeries): RateChart {
  let series = first
  let plot: uPlot | undefined
  const top = () => niceMax(Math.max(...series.points.map(point => point ?? 0), 1) / series.scale.divisor)

  const build = () => {
    plot?.destroy()
    plot = undefined
    const { clientWidth: width, clientHeight: height } = element
    if (width === 0 || height === 0) return
    const style = getComputedStyle(element)
    const colour = (name: string) => style.getPropertyValue(name)
    const small = Number.parseFloat(style.fontSize)
    const axis: uPlot.Axis = {
      stroke: colour('--dim'),
      font: `${small}px ${style.fontFamily}`,
      gap: small * 0.35,
      grid: { stroke: colour('--rule'), width: 1 },
      ticks: { show: false },
    }
    const lineWidth = small * 0.08
    plot = new uPlot(
      {
        width,
        height,
        padding: [small * 0.6, small * 1.6, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { time: true, range: () => [series.endMs / 1000 - series.spanMs / 1000, series.endMs / 1000] },
          y: { range: () => [0, top()] },
        },
        axes: [
          {
            ...axis,
            size: small * 1.5,
            splits: (_plot, _axis, from, to) => timeSplits(from, to),
            values: (_plot, splits) => splits.map(seconds => clockTime(seconds * 1000, 'utc', false)),
          },
          {
            ...axis,
            size: small * 2.6,
            splits: () => [0, top() / 2, top()],
            values: (_plot, splits) => splits.map(value => String(Number(threeDigits(value)))),
          },
        ],
        series: [
          {},
          {
            stroke: colour('--trend'),
            fill: colour('--trend-area'),
            width: lineWidth,
            spanGaps: false,
            points: {
              show: false,
              size: lineWidth * 3,
              fill: colour('--trend'),
              filter: (_plot, _series, show) => (show ? null : lonePoints(series.points)),
            },
          },
        ],
      },
      columns(series),
      element,
    )
  }
  build()
  return {
    show(next) {
      series = next
      plot?.setData(columns(next))
    },
    resize: build,
    destroy: () => plot?.destroy(),
  }
}

function columns({ points, spanMs, endMs, scale }: RateSeries): uPlot.AlignedData {
  const slot = spanMs / points.length / 1000
  const end = endMs / 1000
  return [
    points.map((_, index) => end - (points.length - 1 - index) * slot),
    points.map(point => (point === null ? null : point / scale.divisor)),
  ]
}

function timeSplits(from: number, to: number): number[] {
  const step = timeSteps.find(seconds => (to - from) / seconds <= 6) ?? 900
  const splits = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) splits.push(at)
  return splits
}
