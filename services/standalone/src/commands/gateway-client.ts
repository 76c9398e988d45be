import { isIP } from 'node:net'
import { readWeirConfig } from '../config.ts'

/** Arguments of the commands that ask a running gateway. */
export const gatewayOptions = {
  gateway: { type: 'string' },
  config: { type: 'string' },
  tenant: { type: 'string' },
  json: { type: 'boolean' },
} as const

export const gatewayUsage = `  --gateway URL       of a running gateway; else the one of the configuration, http://127.0.0.1:8080 by default
  --config FILE       configuration to find it by (./weir.yaml)
  --tenant ID         of this tenant only
  --json              the items of the API, a JSON array`

const pageLimit = 1_000
/** A hundred thousand items: more is a question for the API itself. */
const pagesMax = 100
const timeoutMs = 30_000

export interface GatewayChoice {
  gateway?: string | undefined
  config?: string | undefined
}

export function gatewayAddress(choice: GatewayChoice): string {
  if (choice.gateway !== undefined) return choice.gateway.replace(/\/+$/, '')
  const { host, port } = readWeirConfig(choice.config).gateway
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/**
 * All items of a list of the API, page by page.
 * @param path from `/api/v1` on
 * @throws Error that names the gateway when it does not answer, or its problem when it refuses
 */
export async function listAll<T>(
  address: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  for (let page = 0; page < pagesMax; page++) {
    const query: URLSearchParams = new URLSearchParams({ ...parameters, limit: String(pageLimit) })
    if (cursor !== null) query.set('cursor', cursor)
    const body = await getJson<{ data: T[]; nextCursor: string | null }>(`${address}/api/v1${path}?${query}`)
    items.push(...body.data)
    cursor = body.nextCursor
    if (cursor === null) return items
  }
  throw new Error(`${address} has more than ${pagesMax * pageLimit} items; narrow it by --tenant`)
}

/**
 * One object of the API.
 * @throws Error as `listAll`
 */
export function getOne<T>(address: string, path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  return getJson<T>(`${address}/api/v1${path}?${new URLSearchParams(parameters)}`)
}

/**
 * Asks the gateway to do something.
 * @throws Error as `listAll`
 */
export function postJson<T>(address: string, path: string, body: object): Promise<T> {
  return getJson<T>(`${address}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function getJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) })
  } catch (cause) {
    throw new Error(`no gateway answers at ${new URL(url).origin}; start one (npm start) or give --gateway URL`, {
      cause,
    })
  }
  const body = (await response.json()) as T & { detail?: string }
  if (!response.ok) throw new Error(`the gateway refused: ${body.detail ?? response.status}`)
  return body
}
