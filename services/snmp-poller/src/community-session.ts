import { encodeRequest, type MessageScan, pduTags, type Request } from '../../../libs/snmp/src/index.ts'
import { type DropReason, refusal, type SnmpAuth, type SnmpReply, type SnmpTarget } from './snmp-transport.ts'
import { UdpSession } from './udp-session.ts'
import type { UdpExchange, UdpTransport } from './udp-transport.ts'

export type CommunityAuth = Extract<SnmpAuth, { community: string }>

/** Requests of version 1 and 2c. */
export class CommunitySession extends UdpSession {
  readonly #version: CommunityAuth['version']
  readonly #community: Buffer

  constructor(transport: UdpTransport, target: SnmpTarget, auth: CommunityAuth) {
    super(transport, target)
    this.#version = auth.version
    this.#community = Buffer.from(auth.community, 'utf8')
  }

  protected ask(request: Request): Promise<SnmpReply> {
    const id = this.transport.newId()
    return this.exchange(id, encodeRequest(this.#version, this.#community, id, request))
  }

  override accept(exchange: UdpExchange, bytes: Uint8Array, scan: MessageScan): SnmpReply | DropReason {
    if (scan.pduTag !== pduTags.response) return 'malformed'
    if (scan.version !== (this.#version === 'v1' ? 0 : 1)) return 'wrong-credentials'
    if (!this.#isCommunity(bytes, scan.communityAt, scan.communityEnd)) return 'wrong-credentials'
    const { attempts } = exchange
    const varbinds = scan.varbinds()
    if (scan.errorStatus !== 0) return refusal(scan.errorStatus, scan.errorIndex, varbinds, attempts)
    return { ok: true, varbinds, bytes: bytes.length, attempts }
  }

  #isCommunity(bytes: Uint8Array, at: number, end: number): boolean {
    const community = this.#community
    if (end - at !== community.length) return false
    for (let i = 0; i < community.length; i++) if (bytes[at + i] !== community[i]) return false
    return true
  }
}
