import { z } from 'zod'
import type { DeviceUrl } from './device-urls.ts'
import { type TargetGroup, targetGroupsSchema } from './target-groups.ts'

const timeoutMs = 30_000
const bodyBytesMax = 16 * 1024 * 1024
const pageSize = 500
const pagesMax = 200

const slug = z.object({ slug: z.string() }).nullish()
/** What is read of `/api/dcim/devices/` (NetBox 3 calls a device's role `device_role`). */
const pageSchema = z.object({
  next: z.string().nullable(),
  results: z.array(
    z.object({
      id: z.int(),
      name: z.string().nullish(),
      primary_ip: z.object({ address: z.string() }).nullish(),
      site: slug,
      tenant: slug,
      role: slug,
      device_role: slug,
    }),
  ),
})

const roles: ReadonlySet<string> = new Set(['core', 'distribution', 'access', 'edge', 'firewall', 'server', 'wireless'])

/**
 * The whole list.
 * @throws Error that says what was wrong with the answer
 */
export async function fetchTargets(source: DeviceUrl): Promise<TargetGroup[]> {
  return source.kind === 'http_sd' ? targetGroupsSchema.parse(await get(source, source.url)) : netboxGroups(source)
}

/** Active devices with a primary address. */
async function netboxGroups(source: DeviceUrl): Promise<TargetGroup[]> {
  const first = new URL(`${source.url.replace(/\/+$/, '')}/api/dcim/devices/`)
  first.search = new URLSearchParams({ status: 'active', has_primary_ip: 'true', limit: String(pageSize) }).toString()
  const groups: TargetGroup[] = []
  let next: URL | undefined = first
  for (let page = 0; next; page++) {
    if (page >= pagesMax) throw new Error(`more than ${pagesMax} pages of devices`)
    const { next: after, results } = pageSchema.parse(await get(source, next.href))
    for (const { id, name, primary_ip, site, tenant, role, device_role } of results) {
      if (!primary_ip) continue
      const roleSlug = (role ?? device_role)?.slug ?? ''
      groups.push({
        targets: [primary_ip.address.replace(/\/\d+$/, '')],
        labels: {
          id: (name || `netbox-${id}`).replace(/[^\w.:-]+/g, '-').slice(0, 128),
          ...(name ? { name } : {}),
          ...(site ? { site: site.slug } : {}),
          ...(tenant ? { tenant: tenant.slug } : {}),
          ...(roles.has(roleSlug) ? { role: roleSlug } : {}),
        },
      })
    }
    next = after === null ? undefined : new URL(after)
    // The token goes nowhere else.
    if (next && next.origin !== first.origin) throw new Error(`the next page is at ${next.origin}, not ${first.origin}`)
  }
  return groups
}

async function get({ kind, token }: DeviceUrl, url: string): Promise<unknown> {
  const response = await fetch(url, {
    headers: {
      accept: 'application/json',
      ...(token ? { authorization: `${kind === 'netbox' ? 'Token' : 'Bearer'} ${token}` } : {}),
    },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (response.status !== 200) throw new Error(`the answer is ${response.status}`)
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('application/json'))
    throw new Error(`the answer is ${type || 'of no type'}, not application/json`)
  return JSON.parse(await textOf(response))
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Error(`the answer has more than ${bodyBytesMax} octets`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
