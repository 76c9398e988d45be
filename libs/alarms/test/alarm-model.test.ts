import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, alarmConfigSchema, applySignal, emptyAlarms, type TenantAlarms } from '../src/index.ts'
import { action, condition, minute, startMs } from './signals.ts'

/** What an operator's manual would say of one alarm: written apart from the machine, and simpler. */
interface Model {
  nowMs: number
  state: 'none' | 'active' | 'clearing' | 'cleared'
  severity: string
  operator: 'none' | 'ack' | 'closed'
  activeSinceMs: number
  clearAtMs: number
  clearedAtMs: number
  ids: number
  occurrences: number
}

interface Real {
  alarms: TenantAlarms
  seenIds: Set<string>
  offset: bigint
}

// Flapping is a mode of its own (alarm-machine.test.ts); here it is out of reach.
const config = alarmConfigSchema.parse({ flapRaises: 16, flapWindowMs: 1 })
const order = ['warning', 'minor', 'major', 'critical']

function settle(model: Model): void {
  if (model.state === 'clearing' && model.nowMs >= model.clearAtMs) {
    model.state = 'cleared'
    model.clearedAtMs = model.clearAtMs
  }
}

function check(model: Model, real: Real): void {
  const cell = [...real.alarms.cells.values()][0]
  const alarm = cell?.alarm
  if (alarm) real.seenIds.add(alarm.alarmId)
  expect(real.seenIds.size).toBe(model.ids)
  if (model.state === 'none') expect(alarm).toBeUndefined()
  else {
    expect(alarm).toMatchObject({
      condition: model.state,
      isCleared: model.state === 'cleared',
      perceivedSeverity: model.severity,
      operatorState: model.operator,
      occurrences: model.occurrences,
    })
  }
}

class Pass implements fc.Command<Model, Real> {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
  check = () => true
  run(model: Model, real: Real): void {
    model.nowMs += this.ms
    settle(model)
    advance(real.alarms, startMs + model.nowMs, config)
    check(model, real)
  }
  toString = () => `pass ${this.ms / 1_000} s`
}

class Raise implements fc.Command<Model, Real> {
  readonly severity: string
  constructor(severity: string) {
    this.severity = severity
  }
  check = () => true
  run(model: Model, real: Real): void {
    model.nowMs += 1
    settle(model)
    const returns = model.state === 'cleared' && model.nowMs - model.clearedAtMs <= 15 * minute
    if (model.state === 'none' || (model.state === 'cleared' && !returns)) {
      Object.assign(model, { ids: model.ids + 1, occurrences: 1, operator: 'none', activeSinceMs: model.nowMs })
    } else if (returns) {
      const worse = order.indexOf(this.severity) > order.indexOf(model.severity)
      if (model.operator === 'closed' || worse) model.operator = 'none'
      Object.assign(model, { occurrences: model.occurrences + 1, activeSinceMs: model.nowMs })
    }
    Object.assign(model, { state: 'active', severity: this.severity })
    signal(model, real, 'active', this.severity)
    check(model, real)
  }
  toString = () => `raise ${this.severity}`
}

class Clear implements fc.Command<Model, Real> {
  check = () => true
  run(model: Model, real: Real): void {
    model.nowMs += 1
    settle(model)
    if (model.state === 'active') {
      const hold = Math.min(15 * minute, Math.max(2 * minute, (model.nowMs - model.activeSinceMs) / 4))
      Object.assign(model, { state: 'clearing', clearAtMs: model.nowMs + Math.round(hold) })
    }
    signal(model, real, 'cleared', model.severity)
    check(model, real)
  }
  toString = () => 'clear'
}

const operators = { acknowledge: 'ack', unacknowledge: 'none', close: 'closed' } as const

class Act implements fc.Command<Model, Real> {
  readonly name: keyof typeof operators
  constructor(name: keyof typeof operators) {
    this.name = name
  }
  check = (model: Readonly<Model>) => model.state !== 'none'
  run(model: Model, real: Real): void {
    model.nowMs += 1
    settle(model)
    model.operator = operators[this.name]
    const id = [...real.alarms.keyById.keys()][0]!
    applySignal(
      real.alarms,
      action(this.name, id, model.nowMs, { id: `a${model.nowMs}` }),
      startMs + model.nowMs,
      config,
    )
    check(model, real)
  }
  toString = () => this.name
}

function signal(model: Model, real: Real, state: string, severity: string): void {
  real.offset += 1n
  const record = condition({ at: model.nowMs, state, severity }, { offset: real.offset })
  // Two raises within one minute would have one id; the window of a raise is its own millisecond here.
  if (record.body.case === 'condition') record.body.value.windowStartMs = BigInt(startMs + model.nowMs)
  applySignal(real.alarms, record, startMs + model.nowMs, config)
}

describe('the alarm machine', () => {
  it('does what its manual says, whatever happens in whatever order', () => {
    const commands = fc.commands(
      [
        fc
          .oneof(fc.integer({ min: 1, max: 5 * minute }), fc.integer({ min: 1, max: 40 * minute }))
          .map(ms => new Pass(ms)),
        fc.constantFrom(...order).map(severity => new Raise(severity)),
        fc.constant(new Clear()),
        fc.constantFrom('acknowledge' as const, 'unacknowledge' as const, 'close' as const).map(name => new Act(name)),
      ],
      { maxCommands: 60 },
    )
    fc.assert(
      fc.property(commands, list => {
        fc.modelRun(
          () => ({
            model: {
              nowMs: 0,
              state: 'none',
              severity: '',
              operator: 'none',
              activeSinceMs: 0,
              clearAtMs: 0,
              clearedAtMs: 0,
              ids: 0,
              occurrences: 0,
            } as Model,
            real: { alarms: emptyAlarms('acme'), seenIds: new Set<string>(), offset: 0n },
          }),
          list,
        )
      }),
      { numRuns: 300 },
    )
  })
})
