import type { SnmpErrorCode, UsmUser } from '../../../libs/snmp/src/index.ts'
import type { SnmpAuth } from './snmp-transport.ts'

export type Credentials =
  | { readonly ok: true; readonly auth: SnmpAuth }
  | { readonly ok: false; readonly code: SnmpErrorCode; readonly detail: string }

/** The named credentials, where they are there and may be used for devices of the tenant. */
export function credentialsFor(auths: Readonly<Record<string, SnmpAuth>>, name: string, tenant: string): Credentials {
  const auth = Object.hasOwn(auths, name) ? auths[name] : undefined
  if (!auth) return { ok: false, code: 'snmp-auth-unknown', detail: `poller.auths has no "${name}"` }
  if (auth.tenants && !auth.tenants.includes(tenant)) {
    return { ok: false, code: 'snmp-auth-refused', detail: `"${name}" is not for tenant "${tenant}"` }
  }
  return { ok: true, auth }
}

export type UserAuth = Extract<SnmpAuth, { version: 'v3' }>

export function usmUserOf({ user, authProtocol, authKey, privProtocol, privKey }: UserAuth): UsmUser {
  const octets = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'utf8')
  return {
    name: octets(user),
    auth: authProtocol && { protocol: authProtocol, password: octets(authKey) },
    priv: privProtocol && { protocol: privProtocol, password: octets(privKey) },
  }
}
