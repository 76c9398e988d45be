export * from './alarm-config.ts'
export * from './alarm-machine.ts'
export * from './fold.ts'
export { type OperatorActionName, operatorActions } from './operator-axis.ts'
export * from './suppression/index.ts'
export {
  type AlarmCell,
  type AlarmPiece,
  emptyAlarms,
  keyOf,
  openAlarms,
  pieceKeys,
  pieceOf,
  restoreAlarms,
  type TenantAlarms,
} from './tenant-alarms.ts'
export type { Transition } from './transition.ts'
