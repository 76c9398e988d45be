import { keyOf } from './tenant-alarms.ts'
import { type Cause, type Step, save, transit } from './transition.ts'

export const operatorActions = ['acknowledge', 'unacknowledge', 'close', 'shelve', 'unshelve', 'comment'] as const
export type OperatorActionName = (typeof operatorActions)[number]

/** What a person did. */
export interface ActionSignal {
  actionId: string
  alarmId: string
  action: OperatorActionName
  by: string
  note: string
  atMs: number
  /** Of shelving; 0 for as long as allowed. */
  untilMs: number
}

export type ActionRefusal = 'alarm-unknown' | 'no-change'

const actionsRemembered = 256

/** Applies a person's action once; refusals are for the log, the person sees the alarm as it is. */
export function applyAction(step: Step, action: ActionSignal): ActionRefusal | undefined {
  const { state } = step
  if (action.actionId !== '') {
    if (state.clock.actions.includes(action.actionId)) return 'no-change'
    state.clock = { ...state.clock, actions: [...state.clock.actions, action.actionId].slice(-actionsRemembered) }
    step.changed.add(keyOf.clock)
  }
  const key = state.keyById.get(action.alarmId)
  const cell = key === undefined ? undefined : state.cells.get(key)
  if (!cell?.alarm) return 'alarm-unknown'
  const because: Cause = { cause: `user:${action.by}`, eventTimeMs: action.atMs, note: action.note }
  const { operatorState, shelving } = cell.alarm
  switch (action.action) {
    case 'acknowledge':
      if (operatorState === 'ack') return 'no-change'
      save(step, transit(step, cell, { axis: 'operator', to: 'ack' }, because))
      return undefined
    case 'unacknowledge':
      if (operatorState === 'none') return 'no-change'
      save(step, transit(step, cell, { axis: 'operator', to: 'none' }, because))
      return undefined
    case 'close':
      if (operatorState === 'closed') return 'no-change'
      save(step, transit(step, cell, { axis: 'operator', to: 'closed' }, because))
      return undefined
    case 'comment':
      save(step, transit(step, cell, { axis: 'operator', to: operatorState }, because))
      return undefined
    case 'shelve': {
      const latestMs = action.atMs + step.config.shelveMaxMs
      const untilMs = action.untilMs > action.atMs ? Math.min(action.untilMs, latestMs) : latestMs
      const until = new Date(untilMs).toISOString()
      save(step, transit(step, cell, { axis: 'shelving', to: 'shelved', until }, because))
      return undefined
    }
    case 'unshelve':
      if (shelving === 'unshelved') return 'no-change'
      save(step, transit(step, cell, { axis: 'shelving', to: 'unshelved' }, because))
      return undefined
  }
}
