import { CounterByCode } from '../../../../libs/kernel/src/index.ts'

/** What the live streams did, in plain numbers; read when metrics are scraped. */
export class LiveCounters {
  readonly messagesSent = new CounterByCode()
  readonly messagesReceived = new CounterByCode()
  readonly closes = new CounterByCode()
  readonly refused = new CounterByCode()
  readonly resumes = new CounterByCode()
  bytesSent = 0
  tilesConflated = 0
  snapshotsBuilt = 0
}
