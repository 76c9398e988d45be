import { type PacketSizes, packetSizes } from './packet-sizes.ts'

/** A kind of traffic between a client and a server. */
export interface Service {
  name: string
  /** IANA protocol number: 6 TCP, 17 UDP. */
  protocol: number
  serverPort: number
  place: 'internet' | 'local'
  /** Which way most of the packets go: `down` is from the server to the client. */
  mainDirection: 'down' | 'up'
  mainSizes: PacketSizes
  reverseSizes: PacketSizes
  /** Packets the other way for each packet of the main direction. */
  reverseRatio: number
  /** A new connection, with a new client port, begins this often. */
  connectionSeconds: number
  /** See CascadeSource. */
  burstiness: number
  /** Share of the traffic of its place, against the other services; 0 where `packetsPerSecond` is given. */
  weight: number
  /** For services whose rate does not depend on how big the site is. */
  packetsPerSecond?: number
  tos: number
}

const tcp = 6
const udp = 17

export const services = {
  web: {
    name: 'web',
    protocol: tcp,
    serverPort: 443,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.web,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.52,
    connectionSeconds: 14,
    burstiness: 0.34,
    weight: 1,
    tos: 0,
  },
  video: {
    name: 'video',
    protocol: udp,
    serverPort: 443,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.bulk,
    reverseSizes: packetSizes.quicAcknowledgements,
    reverseRatio: 0.11,
    connectionSeconds: 96,
    burstiness: 0.14,
    weight: 5,
    tos: 0,
  },
  upload: {
    name: 'upload',
    protocol: tcp,
    serverPort: 443,
    place: 'internet',
    mainDirection: 'up',
    mainSizes: packetSizes.bulk,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.34,
    connectionSeconds: 22,
    burstiness: 0.28,
    weight: 0.9,
    tos: 0,
  },
  mail: {
    name: 'mail',
    protocol: tcp,
    serverPort: 993,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.web,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.5,
    connectionSeconds: 31,
    burstiness: 0.36,
    weight: 0.25,
    tos: 0,
  },
  tunnel: {
    name: 'tunnel',
    protocol: udp,
    serverPort: 4_500,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.tunnel,
    reverseSizes: packetSizes.tunnel,
    reverseRatio: 0.6,
    connectionSeconds: 1_800,
    burstiness: 0.2,
    weight: 1.2,
    tos: 0,
  },
  names: {
    name: 'names',
    protocol: udp,
    serverPort: 53,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.answer,
    reverseSizes: packetSizes.question,
    reverseRatio: 1,
    connectionSeconds: 5,
    burstiness: 0.4,
    weight: 0,
    packetsPerSecond: 0.12,
    tos: 0,
  },
  clock: {
    name: 'clock',
    protocol: udp,
    serverPort: 123,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.clock,
    reverseSizes: packetSizes.clock,
    reverseRatio: 1,
    connectionSeconds: 64,
    burstiness: 0,
    weight: 0,
    packetsPerSecond: 1 / 64,
    tos: 0xb8,
  },
  voice: {
    name: 'voice',
    protocol: udp,
    serverPort: 16_500,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.voice,
    reverseSizes: packetSizes.voice,
    reverseRatio: 1,
    connectionSeconds: 180,
    burstiness: 0.02,
    weight: 0,
    packetsPerSecond: 50,
    tos: 0xb8,
  },
  remoteShell: {
    name: 'remote shell',
    protocol: tcp,
    serverPort: 22,
    place: 'internet',
    mainDirection: 'down',
    mainSizes: packetSizes.interactive,
    reverseSizes: packetSizes.interactive,
    reverseRatio: 0.8,
    connectionSeconds: 900,
    burstiness: 0.4,
    weight: 0,
    packetsPerSecond: 1.5,
    tos: 0x10,
  },
  files: {
    name: 'files',
    protocol: tcp,
    serverPort: 445,
    place: 'local',
    mainDirection: 'down',
    mainSizes: packetSizes.bulk,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.36,
    connectionSeconds: 240,
    burstiness: 0.22,
    weight: 4,
    tos: 0,
  },
  database: {
    name: 'database',
    protocol: tcp,
    serverPort: 5_432,
    place: 'local',
    mainDirection: 'down',
    mainSizes: packetSizes.transactions,
    reverseSizes: packetSizes.transactions,
    reverseRatio: 0.7,
    connectionSeconds: 600,
    burstiness: 0.2,
    weight: 1,
    tos: 0,
  },
  intranet: {
    name: 'intranet',
    protocol: tcp,
    serverPort: 443,
    place: 'local',
    mainDirection: 'down',
    mainSizes: packetSizes.web,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.5,
    connectionSeconds: 18,
    burstiness: 0.3,
    weight: 0.8,
    tos: 0,
  },
  camera: {
    name: 'camera',
    protocol: tcp,
    serverPort: 554,
    place: 'local',
    mainDirection: 'up',
    mainSizes: packetSizes.bulk,
    reverseSizes: packetSizes.acknowledgements,
    reverseRatio: 0.3,
    connectionSeconds: 3_600,
    burstiness: 0.03,
    weight: 0,
    packetsPerSecond: 420,
    tos: 0,
  },
} as const satisfies Record<string, Service>

/** The incident's own: one host copies everything it has to somewhere else. */
export const backupService: Service = {
  name: 'backup',
  protocol: tcp,
  serverPort: 873,
  place: 'internet',
  mainDirection: 'up',
  mainSizes: packetSizes.bulk,
  reverseSizes: packetSizes.acknowledgements,
  reverseRatio: 0.3,
  connectionSeconds: 7_200,
  burstiness: 0,
  weight: 0,
  tos: 0x20,
}
