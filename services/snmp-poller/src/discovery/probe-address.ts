import type { Clock } from '../../../../libs/kernel/src/index.ts'
import {
  displayText,
  formatOid,
  type Oid,
  oid,
  type SnmpErrorCode,
  scalarOids,
} from '../../../../libs/snmp/src/index.ts'
import { AuthFailures } from '../auth-failures.ts'
import { isWithinNetworks } from '../host-address.ts'
import { PollErrors } from '../poll-errors.ts'
import { getScalars, type ScalarAnswers } from '../scalars.ts'
import type { SnmpAuth, SnmpSession, SnmpTarget, SnmpTransport } from '../snmp-transport.ts'
import type { SendPace } from './send-pace.ts'

export interface NamedAuth {
  readonly name: string
  readonly auth: SnmpAuth
}

export interface ProbeOptions {
  readonly transport: SnmpTransport
  readonly pace: SendPace
  readonly clock: Clock
  readonly port: number
  readonly timeoutMs: number
  readonly retries: number
  readonly signal: AbortSignal
}

export interface Answer {
  readonly answered: true
  readonly address: string
  readonly port: number
  readonly credentials: NamedAuth
  readonly sysName: string
  readonly sysDescr: string
  readonly sysObjectID: string
  /** Hexadecimal; '' where the agent does not tell. */
  readonly engineId: string
  /** For a poll after the probe, over the same count of authentication failures. */
  open(): SnmpSession
}

export interface Silence {
  readonly answered: false
  readonly address: string
  /** Something is there, and told so: its credentials are others, or its reply is none. Absent of silence. */
  readonly code?: SnmpErrorCode
  readonly detail?: string
}

const engineIdOid = oid('1.3.6.1.6.3.10.2.1.1.0')
const asked: readonly Oid[] = [scalarOids.sysDescr, scalarOids.sysObjectID, scalarOids.sysName, engineIdOid]
const strength = { v3: 0, v2c: 1, v1: 2 } as const

/** Version 3 before communities, which anybody on the path can read; else as given. */
export function strongestFirst(auths: readonly NamedAuth[]): NamedAuth[] {
  return [...auths].sort((a, b) => strength[a.auth.version] - strength[b.auth.version])
}

/** The credentials that are tried of one address, and how many datagrams that takes where nothing answers. */
export function credentialsOf(address: string, auths: readonly NamedAuth[]): NamedAuth[] {
  return strongestFirst(auths).filter(({ auth }) => isWithinNetworks(auth, address))
}

export function datagramsOfSilence(credentials: readonly NamedAuth[], retries: number): number {
  const users = credentials.filter(({ auth }) => auth.version === 'v3').length
  return (Math.min(1, users) + credentials.length - users) * (1 + retries)
}

/**
 * Asks one address who it is, with one of the credentials after the other until one is taken. Whoever has answered in
 * version 3 is never told a community.
 */
export async function probeAddress(
  address: string,
  auths: readonly NamedAuth[],
  options: ProbeOptions,
): Promise<Answer | Silence> {
  const failures = new AuthFailures(options.clock)
  let speaksV3 = false
  let v3Silent = false
  let doubt: Pick<Silence, 'code' | 'detail'> = {}
  for (const credentials of credentialsOf(address, auths)) {
    const isV3 = credentials.auth.version === 'v3'
    // An engine answers its discovery before it hears of a user (RFC 3414 §4): one silence is that of all users.
    if (isV3 ? v3Silent : speaksV3) continue
    for (let attempt = 0; attempt <= options.retries && !options.signal.aborted; attempt++) {
      const { answers, datagrams } = await ask(address, credentials, failures, attempt, options)
      if (answers.failure === undefined && answers.values.size > 0)
        return answerOf(address, credentials, answers, failures, options)
      const { code, detail } = answers.failure ?? {
        code: 'snmp-error-status' as const,
        detail: 'nothing it was asked for',
      }
      // Beyond its first datagram a request of version 3 goes only to an engine that was found.
      if (isV3 && code !== 'snmp-unreachable' && datagrams > (code === 'snmp-timeout' ? 1 : 0)) speaksV3 = true
      if (code === 'snmp-timeout') {
        doubt = speaksV3 ? { code, detail: 'its SNMPv3 engine answered, and the request after it got no reply' } : doubt
        continue
      }
      if (code !== 'poll-deadline' && !(code === 'snmp-auth-paused' && doubt.code)) doubt = { code, detail }
      break
    }
    if (isV3 && !speaksV3) v3Silent = true
  }
  return { answered: false, address, ...doubt }
}

async function ask(
  address: string,
  { auth }: NamedAuth,
  failures: AuthFailures,
  attempt: number,
  options: ProbeOptions,
): Promise<{ answers: ScalarAnswers; datagrams: number }> {
  // Repetitions are requests of their own, so that the pace holds each of them until its turn.
  const timeoutMs = options.timeoutMs * 1.5 ** attempt
  const target: SnmpTarget = { host: address, port: options.port, auth, timeoutMs, retries: 0 }
  const session = options.transport.open(target)
  try {
    const paced = options.pace.session(session)
    const answers = await getScalars(auth.version === 'v3' ? failures.guard(paced) : paced, asked, new PollErrors())
    return { answers, datagrams: answers.failure?.attempts ?? 1 }
  } finally {
    session.close()
  }
}

function answerOf(
  address: string,
  credentials: NamedAuth,
  { values }: ScalarAnswers,
  failures: AuthFailures,
  { transport, pace, port, timeoutMs, retries }: ProbeOptions,
): Answer {
  const text = (name: Oid): string => {
    const value = values.get(name)
    return value?.type === 'octets' ? displayText(value.value) : ''
  }
  const objectId = values.get(scalarOids.sysObjectID)
  const engineId = values.get(engineIdOid)
  const { auth } = credentials
  return {
    answered: true,
    address,
    port,
    credentials,
    sysName: text(scalarOids.sysName),
    sysDescr: text(scalarOids.sysDescr),
    sysObjectID: objectId?.type === 'oid' ? formatOid(objectId.value) : '',
    engineId: engineId?.type === 'octets' ? Buffer.from(engineId.value).toString('hex') : '',
    open() {
      const session = pace.session(transport.open({ host: address, port, auth, timeoutMs, retries }))
      return auth.version === 'v3' ? failures.guard(session) : session
    },
  }
}
