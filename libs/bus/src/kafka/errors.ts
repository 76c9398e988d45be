import { BusError, type BusErrorCode } from '../bus.ts'

/** By the broker's own name of the error (kafka.apache.org/protocol#protocol_error_codes), as kafkajs spells it. */
const codeOfType: Readonly<Record<string, BusErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'topic-unknown',
  INVALID_TOPIC_EXCEPTION: 'topic-unknown',
  INVALID_PARTITIONS: 'topic-mismatch',
  INVALID_REPLICATION_FACTOR: 'topic-mismatch',
  INVALID_CONFIG: 'topic-mismatch',
  POLICY_VIOLATION: 'topic-mismatch',
  TOPIC_AUTHORIZATION_FAILED: 'not-authorised',
  GROUP_AUTHORIZATION_FAILED: 'not-authorised',
  CLUSTER_AUTHORIZATION_FAILED: 'not-authorised',
  SASL_AUTHENTICATION_FAILED: 'not-authorised',
  ILLEGAL_SASL_STATE: 'not-authorised',
  UNSUPPORTED_SASL_MECHANISM: 'not-authorised',
  MESSAGE_TOO_LARGE: 'record-too-large',
  RECORD_LIST_TOO_LARGE: 'record-too-large',
  OFFSET_METADATA_TOO_LARGE: 'record-too-large',
  OFFSET_OUT_OF_RANGE: 'offset-out-of-range',
  KAFKA_STORAGE_ERROR: 'log-full',
  CORRUPT_MESSAGE: 'log-damaged',
}

const remedies: Partial<Record<BusErrorCode, string>> = {
  'broker-unreachable': 'is the broker up, and is its advertised address reachable from here?',
  'not-authorised': 'check the credentials and the ACLs of this user',
  'topic-unknown': 'create it first',
  'log-full': 'look at the brokers’ disks',
}

/** What went wrong, in our words; `doing` names the attempt, as in "cannot send to weir.polls.v1". */
export function toBusError(cause: unknown, doing: string): BusError {
  if (cause instanceof BusError) return cause
  const code = codeOf(cause)
  const remedy = remedies[code]
  return new BusError(code, `${doing}: ${(cause as Error).message}${remedy ? ` (${remedy})` : ''}`, { cause })
}

/** The broker's name of the error, wherever in the chain of causes kafkajs left it. */
export function errorType(cause: unknown): string | undefined {
  for (const one of chain(cause)) if (typeof one.type === 'string') return one.type
  return undefined
}

interface KafkaFailure {
  name?: unknown
  type?: unknown
  cause?: unknown
  originalError?: unknown
}

/** Whatever is no answer of the broker is taken for a broker that cannot be reached: it is retried, and never hidden. */
function codeOf(cause: unknown): BusErrorCode {
  for (const one of chain(cause)) {
    const code = typeof one.type === 'string' ? codeOfType[one.type] : undefined
    if (code) return code
    if (one.name === 'KafkaJSSASLAuthenticationError') return 'not-authorised'
  }
  return 'broker-unreachable'
}

function* chain(cause: unknown): Generator<KafkaFailure> {
  let next = cause
  for (let depth = 0; depth < 8 && typeof next === 'object' && next !== null; depth++) {
    const one = next as KafkaFailure
    yield one
    next = one.cause ?? one.originalError
  }
}
