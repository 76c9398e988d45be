import { hostname } from 'node:os'
import { z } from 'zod'
import { secret } from '../../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../../libs/model/src/index.ts'
import { authProtocols, privProtocols } from '../../../libs/snmp/src/index.ts'
import { reachabilityConfigSchema } from './reach/reachability-config.ts'
import { codecs, type SnmpAuth } from './snmp-transport.ts'

const common = {
  /** Of the inventory: devices of other tenants are never asked with these credentials. */
  tenants: z.array(z.string()).min(1).max(1_000).optional(),
  /** CIDR: other addresses are never asked with these credentials. */
  networks: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .min(1)
    .max(1_000)
    .optional(),
  /** npm net-snmp instead of our own codec, for a device that does not get on with ours. */
  codec: z.enum(codecs).optional(),
}

const communityAuthSchema = z.strictObject({
  version: z.enum(['v1', 'v2c']),
  community: secret(),
  ...common,
})

const userAuthSchema = z
  .strictObject({
    version: z.literal('v3'),
    user: z.string(),
    authProtocol: z.enum(authProtocols).optional(),
    authKey: secret().optional(),
    privProtocol: z.enum(privProtocols).optional(),
    privKey: secret().optional(),
    context: z.string().optional(),
    ...common,
  })
  .refine(auth => (auth.authProtocol === undefined) === (auth.authKey === undefined), {
    error: 'authProtocol and authKey go together',
  })
  .refine(auth => (auth.privProtocol === undefined) === (auth.privKey === undefined), {
    error: 'privProtocol and privKey go together',
  })
  .refine(auth => auth.privProtocol === undefined || auth.authProtocol !== undefined, {
    error: 'privacy needs authentication (RFC 3414 §1.4.2)',
  })
  .refine(auth => auth.authKey === undefined || auth.authKey.length >= 8, {
    error: 'authKey has at least 8 characters (RFC 3414 §11.2)',
  })

  .refine(auth => auth.codec !== 'net-snmp' || !auth.privProtocol?.startsWith('aes192'), {
    error: 'net-snmp has no AES-192: leave codec out',
  })

export const snmpAuthSchema: z.ZodType<SnmpAuth> = z.discriminatedUnion('version', [
  communityAuthSchema,
  userAuthSchema,
])

const listener = (port: number) =>
  z.strictObject({
    /** Loopback unless told otherwise. */
    host: z.string().default('127.0.0.1'),
    /** 0 takes a free port. */
    port: z.int().min(0).max(65_535).default(port),
  })

const listeners = (port: number) =>
  z
    .array(listener(port))
    .max(16)
    .default([listener(port).parse({})])

export const snmpPollerConfigSchema = z.strictObject({
  /** Credentials by the name that the inventory's devices give. */
  auths: z.record(z.string(), snmpAuthSchema).default({}),
  /** Names this poller in its records and heartbeats; stays the same over restarts. */
  producerId: z.string().min(1).default(`snmp-poller-${hostname()}`),
  intervalMs: z.int().min(1_000).max(3_600_000).default(30_000),
  /** Wait for a reply; the first repetition waits 1.5 times, the next 2.25 times as long. */
  timeoutMs: z.int().min(100).max(60_000).default(2_000),
  retries: z.int().min(0).max(10).default(2),
  /** Share of the interval after which a poll is cut. */
  budgetShare: z.number().min(0.1).max(1).default(0.9),
  /** Polls under way at once; devices that did not answer last time wait in a lane of their own. */
  pollsInFlightMax: z.int().min(1).default(1_024),
  slowRefreshMs: z.int().min(10_000).default(600_000),
  /** Sensors, processors, memory, peers, neighbours and parts are read again after this long. */
  hardwareIntervalMs: z.int().min(1_000).default(60_000),
  /** Forwarding tables of bridges and neighbours' addresses of routers: what GET /api/v1/search finds. */
  stations: z
    .strictObject({ enabled: z.boolean().default(true), intervalMs: z.int().min(30_000).default(300_000) })
    .prefault({}),
  /**
   * Interfaces that are polled in between, by ifName or ifAlias (`*` stands for anything), of devices of these roles and
   * ids; of all devices where neither is given. Where several rules name a device, the shortest interval holds.
   */
  fastPolls: z
    .array(
      z.strictObject({
        interfaces: z.array(z.string().min(1).max(255)).min(1).max(64),
        roles: z.array(deviceSchema.shape.role.unwrap()).optional(),
        devices: z.array(z.string()).max(10_000).optional(),
        intervalMs: z.int().min(1_000).max(300_000).default(10_000),
      }),
    )
    .max(64)
    .default([]),
  /** Pollers of one group share the inventory's devices; each must have a `producerId` of its own. */
  group: z
    .strictObject({
      name: z.string().regex(/^[\w.-]{1,64}$/),
      /** A poller not heard of for this long is gone, and the others take its devices. */
      leaseMs: z.int().min(1_000).max(600_000).default(15_000),
    })
    .optional(),
  /** Folders with profiles of one's own, which count before the program's (docs/how-to/add-a-device-profile.md). */
  profileFolders: z.array(z.string()).max(16).default([]),
  interfacesMax: z.int().min(1).default(10_000),
  /** Records held while the bus cannot take them; beyond it the oldest go. */
  queueRecordsMax: z.int().min(1).default(10_000),
  /** Traps and informs; of version 3 those of the user that the device is polled with. */
  traps: z
    .strictObject({
      enabled: z.boolean().default(true),
      listeners: listeners(1162),
      /** Taken beside the community with which the device is polled. */
      communities: z.array(secret()).max(64).default([]),
    })
    .prefault({}),
  /** Syslog (RFC 5424, RFC 3164) over UDP; only devices of the inventory are heard. */
  syslog: z.strictObject({ enabled: z.boolean().default(false), listeners: listeners(1514) }).prefault({}),
  /** Traps and syslog messages of one address beyond this are dropped and counted; twice as many may come at once. */
  eventsPerSourcePerSecondMax: z.int().min(1).max(100_000).default(50),
  /** An event has its device polled at once, but not sooner than this after the last time it did. */
  expeditedPollGapMs: z.int().min(500).max(3_600_000).default(2_000),
  /** Whether hosts answer below SNMP. */
  reachability: reachabilityConfigSchema.prefault({}),
})

export type SnmpPollerConfig = z.output<typeof snmpPollerConfigSchema>
