import type { BusRecord, NewRecord } from '../../../libs/bus/src/index.ts'
import type { ColumnBlock, TableName } from '../../../libs/store/src/index.ts'
import type { StreamConfig } from './stream-config.ts'

/**
 * What one partition's stage makes of its records. Everything it yields is a function of the records since the last
 * `closeEpoch`, of the state as of their first offset and of the configuration in force: a second owner or a replay
 * yields the same.
 */
export interface EpochWork {
  /** State pieces as of the offset that will be read next, by key. Called once, before the first record. */
  restore(states: ReadonlyMap<string, string>): void
  /** Called between epochs when another version of the configuration comes into force. */
  configure(config: StreamConfig): void
  /** @throws PoisonRecordError when the record's value cannot be understood; nothing of it has been taken then. */
  process(record: BusRecord): void
  /** Records for other topics derived since the last call, in order. */
  takeOutputs(): readonly Output[]
  /** Rows and changed state of the epoch; empties both. */
  closeEpoch(): EpochResult
}

export interface Output {
  topic: string
  record: NewRecord
}

export interface EpochResult {
  blocks: readonly { table: TableName; block: ColumnBlock }[]
  /** Changed state pieces by key; an empty text forgets the key. */
  states: ReadonlyMap<string, string>
}

export interface WorkContext {
  topic: string
  partition: number
  logId: string
  /** Identity of this process incarnation, for records it produces. */
  producerId: string
  config: StreamConfig
}

export type WorkFactory = (context: WorkContext) => EpochWork

export class PoisonRecordError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PoisonRecordError'
    this.code = code
  }
}
