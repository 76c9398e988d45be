import { createSocket } from 'node:dgram'
import type { Clock } from '../../../../libs/kernel/src/index.ts'

/** How a query ended: its round trip, or why it counts as lost. */
export type ProbeAnswer = { readonly us: number } | { readonly error: string }

export interface DnsQuestion {
  readonly server: string
  readonly port: number
  readonly name: string
  /** 16 bits that the answer repeats. */
  readonly id: number
  readonly timeoutMs: number
}

const typeA = 1
const classIn = 1
/** No error, and no such name: either way the server has done its work (RFC 1035 §4.1.1). */
const answers = new Set([0, 3])
const codeNames = ['noerror', 'formerr', 'servfail', 'nxdomain', 'notimp', 'refused']

/** Asks a server for the address of a name, once. An answer is one to this question, from the server's own address. */
export function queryDns(question: DnsQuestion, clock: Clock): Promise<ProbeAnswer> {
  const { server, port, timeoutMs } = question
  return new Promise(resolve => {
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4')
    const request = encodeQuestion(question)
    let sentMs = 0
    const done = (answer: ProbeAnswer): void => {
      timer.cancel()
      socket.close()
      resolve(answer)
    }
    const timer = clock.after(timeoutMs, () => done({ error: 'timeout' }))
    socket.on('error', (cause: NodeJS.ErrnoException) => done({ error: (cause.code ?? 'failed').toLowerCase() }))
    socket.on('message', reply => {
      const code = answerCode(reply, request)
      if (code === undefined) return
      const us = Math.max(1, Math.round((clock.monotonicMs() - sentMs) * 1_000))
      done(answers.has(code) ? { us } : { error: codeNames[code] ?? `rcode ${code}` })
    })
    // A connected socket hears the server alone, and is told when nobody listens.
    socket.connect(port, server, () => {
      sentMs = clock.monotonicMs()
      socket.send(request)
    })
  })
}

/** Header and one question (RFC 1035 §4.1), recursion desired. */
export function encodeQuestion({ id, name }: Pick<DnsQuestion, 'id' | 'name'>): Buffer {
  const labels = name.split('.').filter(label => label !== '')
  const header = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const parts = labels.flatMap(label => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  return Buffer.concat([header, ...parts, Buffer.from([0, 0, typeA, 0, classIn])])
}

/** Response code of a reply to the request; undefined of anything else. Names compare without case (RFC 4343). */
export function answerCode(reply: Uint8Array, request: Uint8Array): number | undefined {
  const isResponse = reply.length >= 12 && (reply[2]! & 0x80) !== 0
  if (!isResponse || reply[0] !== request[0] || reply[1] !== request[1]) return undefined
  const code = reply[3]! & 0x0f
  // A server that could not read the question need not repeat it.
  if (reply[4] === 0 && reply[5] === 0) return code
  for (let i = 12; i < request.length; i++) {
    if (i >= reply.length || lower(reply[i]!) !== lower(request[i]!)) return undefined
  }
  return code
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
}
