import { isIP } from 'node:net'
import { z } from 'zod'
import { idPattern } from './identity.ts'

const id = z.string().regex(idPattern, 'an id has 1 to 128 letters, digits, ".", "_", ":" or "-", and no "/"')

/** Labels of letters, digits, `-` and `_` with dots between (RFC 1035 §2.3.1, RFC 2181 §11); never an option or a path. */
const namePattern = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?$/

const target = z.string().refine(text => isIP(text) !== 0 || namePattern.test(text), {
  error: 'a target is an IPv4 or IPv6 address, or a host name',
})

export const probeKinds = ['icmp', 'tcp', 'dns'] as const
export type ProbeKind = (typeof probeKinds)[number]

/**
 * An active probe: what is asked again and again, from the poller, to measure loss, round trips and jitter. `id` is
 * given once and names its history.
 */
export const probeSchema = z
  .strictObject({
    id,
    tenant: id,
    /** The site whose way it measures. */
    site: id,
    name: z.string().optional(),
    kind: z.enum(probeKinds),
    /** Name or address that is asked; not needed with `device`. */
    target: target.optional(),
    /** A device of the inventory whose address is asked: a site's gateway. */
    device: id.optional(),
    /** Of tcp; of dns 53 unless given. */
    port: z.int().min(1).max(65_535).optional(),
    /** Name that a dns probe asks for the address of; that it does not exist is an answer. */
    query: z.string().regex(namePattern, 'a query is a host name').default('example.com'),
    intervalMs: z.int().min(1_000).max(3_600_000).default(30_000),
    /** Packets, connections or queries of a round, the time between them, and the wait for each. */
    count: z.int().min(1).max(20).default(5),
    gapMs: z.int().min(10).max(10_000).default(200),
    timeoutMs: z.int().min(50).max(10_000).default(1_000),
  })
  .refine(probe => (probe.target === undefined) !== (probe.device === undefined), {
    error: 'a probe has either a target or a device',
  })
  .refine(probe => probe.kind !== 'tcp' || probe.port !== undefined, { error: 'a tcp probe has a port' })
  .refine(probe => probe.count * probe.gapMs + probe.timeoutMs <= probe.intervalMs, {
    error: 'a round (count times gapMs, and timeoutMs) ends before the next one begins (intervalMs)',
  })
export type Probe = z.infer<typeof probeSchema>

/** What is asked, as people read it: `192.0.2.1`, `192.0.2.1:443`, `example.com at 192.0.2.53`. */
export function probeTarget(probe: Probe, address: string): string {
  if (probe.kind === 'dns') return `${probe.query} at ${address}`
  return probe.kind === 'tcp' ? `${address}:${probe.port}` : address
}
