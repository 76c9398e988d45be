import type { IncomingHttpHeaders } from 'node:http'

export type GuardCode = 'host-refused' | 'origin-refused'

/** Why a request is refused before anything looks at it; undefined lets it pass. */
export type RequestGuard = (headers: IncomingHttpHeaders) => { code: GuardCode; detail: string } | undefined

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Lets requests pass that name this gateway as their host, and come from its own pages or from no page at all. A page
 * of another site cannot reach the gateway then, neither directly (Origin) nor by a DNS name of its own that it points
 * at loopback (Host): browsers send both by themselves, and scripts cannot change them (ASVS 4.4.2).
 * @param allowedHosts names, with or without a port, beside loopback's own
 * @param ownPort the bound port; 0 while nothing is bound
 */
export function createRequestGuard(allowedHosts: readonly string[], ownPort: () => number): RequestGuard {
  const configured = new Set(allowedHosts.map(host => host.toLowerCase()))

  function isOwn(host: string): boolean {
    if (configured.has(host)) return true
    if (configured.has(host.replace(/:\d+$/, ''))) return true
    const port = ownPort()
    return loopbackNames.some(name => host === `${name}:${port}` || (port === 80 && host === name))
  }

  return headers => {
    const host = headers.host?.toLowerCase()
    if (host === undefined || !isOwn(host)) {
      const detail = `this gateway is not known as "${printable(host ?? '')}"; add the name to gateway.allowedHosts`
      return { code: 'host-refused', detail }
    }
    const { origin } = headers
    if (origin !== undefined && !isOwn(hostOfOrigin(origin))) {
      const detail = `pages of "${printable(origin)}" may not use this gateway; add its host to gateway.allowedHosts`
      return { code: 'origin-refused', detail }
    }
    return undefined
  }
}

/** Host and port of an origin; "null" (sandboxed pages, files) and other schemes give none that could match. */
function hostOfOrigin(origin: string): string {
  return /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? ''
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
}
