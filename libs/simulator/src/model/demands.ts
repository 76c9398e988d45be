import { hash, hashUnit } from './hash.ts'
import { type RemoteHost, remoteHostFor } from './internet.ts'
import type { PacketSizes } from './packet-sizes.ts'
import { CascadeSource, type PacketSource } from './packet-source.ts'
import { type Service, services } from './services.ts'
import type { SimulatedHost, SimulatedSite, Topology } from './topology.ts'

/** Traffic between one client and one server, for as long as the network runs; its connections follow one another. */
export interface Demand {
  seed: number
  service: Service
  client: SimulatedHost
  /** Absent where the server is on the Internet. */
  server?: SimulatedHost
  remote?: RemoteHost
  isVersion6: boolean
  /** Packets of the service's main direction. */
  packets: PacketSource
  mainSizes: PacketSizes
  reverseSizes: PacketSizes
  /** Connection n lasts from `connectionPhaseMs + n × connectionMs`, since the Unix epoch, for `connectionMs`. */
  connectionMs: number
  connectionPhaseMs: number
}

type ServiceName = keyof typeof services

const servicesOf: Record<SimulatedHost['kind'], readonly ServiceName[]> = {
  desk: ['web', 'web', 'video', 'upload', 'mail', 'names', 'files', 'intranet', 'database'],
  wireless: ['web', 'web', 'video', 'names', 'intranet'],
  phone: ['voice', 'clock', 'names'],
  camera: ['camera', 'clock'],
  server: ['web', 'names', 'clock', 'tunnel', 'remoteShell'],
}

/** IPv6 adds 20 octets to the IPv4 header's (RFC 8200 §3). */
const version6HeaderOctets = 20

/** Above this a demand is steady, so that chance alone never fills a link. */
const steadyBitsPerSecond = 4_000_000
const clientBitsPerSecondMax = 30_000_000

interface Wish {
  seed: number
  service: Service
  client: SimulatedHost
  server?: SimulatedHost
  /** Heavy-tailed share of its place's traffic. */
  share: number
}

/** @param perHost multiplies the number of demands, not the traffic */
export function buildDemands(topology: Topology, seed: number, originMs: number, perHost: number): Demand[] {
  const demands: Demand[] = []
  for (const site of topology.sites) {
    const wishes = wishesOf(topology, site, seed, perHost)
    for (const place of ['internet', 'local'] as const) {
      const those = wishes.filter(wish => wish.service.place === place)
      const total = those.reduce((sum, wish) => sum + wish.share, 0)
      const bitsPerSecond = place === 'internet' ? site.internetBitsPerSecond : site.localBitsPerSecond
      for (const wish of those) demands.push(grant(wish, (wish.share / total) * bitsPerSecond, originMs))
    }
  }
  return demands
}

function wishesOf(topology: Topology, site: SimulatedSite, seed: number, perHost: number): Wish[] {
  const hosts = topology.hosts.filter(host => host.site === site)
  const servers = hosts.filter(host => host.kind === 'server')
  return hosts.flatMap((client, position) => {
    const names = servicesOf[client.kind]
    return Array.from({ length: names.length * perHost }, (_, i) => {
      const service: Service = services[names[i % names.length]!]
      const wishSeed = hash(seed, client.device.number * 1_000 + position, i)
      // Pareto with index 1.2, cut at 60 times the smallest: few clients make most of the traffic.
      const share = service.weight * Math.min(60, (1 - hashUnit(wishSeed, 1)) ** (-1 / 1.2))
      const wish: Wish = { seed: wishSeed, service, client, share }
      if (service.place === 'local') wish.server = servers[hash(wishSeed, 2) % servers.length]!
      return wish
    })
  })
}

function grant(wish: Wish, bitsPerSecond: number, originMs: number): Demand {
  const { seed, service, client, server } = wish
  const isVersion6 = client.address6 !== undefined && service.protocol === 6 && hashUnit(seed, 3) < 0.25
  const more = isVersion6 ? version6HeaderOctets : 0
  const mainSizes = service.mainSizes.plus(more)
  const portBitsPerSecond = client.port?.bitsPerSecond ?? 1_000_000_000
  const granted = Math.min(bitsPerSecond, clientBitsPerSecondMax, portBitsPerSecond / 20)
  const packetsPerSecond = service.packetsPerSecond ?? granted / 8 / mainSizes.averageOctets
  const burstiness = granted > steadyBitsPerSecond ? Math.min(service.burstiness, 0.14) : service.burstiness
  const connectionMs = service.connectionSeconds * 1_000
  return {
    seed,
    service,
    client,
    ...(server ? { server } : { remote: remoteHostFor(service.name, seed) }),
    isVersion6,
    packets: new CascadeSource(seed, originMs, packetsPerSecond, burstiness),
    mainSizes,
    reverseSizes: service.reverseSizes.plus(more),
    connectionMs,
    connectionPhaseMs: Math.floor(hashUnit(seed, 4) * connectionMs),
  }
}
