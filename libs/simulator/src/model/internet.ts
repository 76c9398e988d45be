import { hash } from './hash.ts'

/** A place on the Internet that the sites talk to. All of it is documentation space (RFC 5737, 3849, 5398). */
export interface RemoteNetwork {
  name: string
  /** First three octets of its /24. */
  network: readonly [number, number, number]
  network6: Uint8Array
  as: number
  hosts: number
}

const network6 = (last: number): Uint8Array => Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, 0xff, last, 0, 0])

export const remoteNetworks: readonly RemoteNetwork[] = [
  { name: 'video', network: [198, 51, 100], network6: network6(1), as: 64_501, hosts: 24 },
  { name: 'cloud', network: [203, 0, 113], network6: network6(2), as: 64_502, hosts: 60 },
  { name: 'offices', network: [192, 0, 2], network6: network6(3), as: 64_503, hosts: 30 },
]

export interface RemoteHost {
  address: Uint8Array
  address6: Uint8Array
  as: number
}

/** The remote side of a service: video comes from one network, copies go to the offices', the rest is anywhere. */
export function remoteHostFor(service: string, seed: number): RemoteHost {
  const index = service === 'video' ? 0 : service === 'backup' || service === 'tunnel' ? 2 : hash(seed, 11) % 3
  const network = remoteNetworks[index]!
  // A few hosts serve most: squaring favours the low numbers.
  const unit = hash(seed, 12) / 4_294_967_296
  const host = 1 + Math.floor(unit * unit * network.hosts) + (service === 'backup' ? 200 : 0)
  return {
    address: Uint8Array.from([...network.network, host]),
    address6: Uint8Array.from([...network.network6, 0, 0, 0, 0, 0, 0, 0, host]),
    as: network.as,
  }
}
