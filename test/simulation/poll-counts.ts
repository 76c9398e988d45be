import { CounterByCode } from '../../libs/kernel/src/index.ts'
import type { PollCounts } from '../../services/stream-processor/src/polls/polls-work.ts'

export const pollCounts = (): PollCounts => ({
  polls: 0,
  failedPolls: 0,
  probeRounds: 0,
  refusedDevices: 0,
  refusedParts: 0,
  gaps: new CounterByCode(),
  conditions: new CounterByCode(),
  changes: new CounterByCode(),
  omittedChanges: 0,
})
