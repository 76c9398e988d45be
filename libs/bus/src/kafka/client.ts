import {
  type Broker,
  type Cluster,
  Kafka,
  type KafkaConfig,
  logLevel,
  PartitionAssigners,
  type SASLOptions,
} from 'kafkajs'
import type { Logger } from '../../../kernel/src/index.ts'
import type { KafkaBusConfig } from './config.ts'
import { repairKafkajs } from './kafkajs-repairs.ts'

/** Two to three seconds in all: what takes longer is retried by us, with a counter and a reason for the operator. */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 }

/**
 * kafkajs's connections, protocol, metadata, admin and producer. Its log is ours at debug: it speaks of every retry at
 * error level, while what an operator must know is told by the parts that wait.
 */
export function createKafka(config: KafkaBusConfig, log: Logger): Kafka {
  repairKafkajs()
  const { brokers, clientId, tls, sasl, requestTimeoutMs: requestTimeout } = config
  const options: KafkaConfig = {
    brokers,
    clientId,
    requestTimeout,
    connectionTimeout: 3_000,
    retry,
    logLevel: logLevel.WARN,
    logCreator: () => entry => log.debug({ client: entry.namespace }, entry.log.message),
    ...(tls ? { ssl: { ca: tls.ca, cert: tls.cert, key: tls.key, servername: tls.serverName } } : {}),
    ...(sasl ? { sasl: sasl as SASLOptions } : {}),
  }
  return new Kafka(options)
}

/**
 * A connection to the cluster below kafkajs's consumer, which is not used: it commits with whatever generation it has by
 * then, commits -2 when retention passes a reader, drops metadata, and has stood still after broker restarts
 * (tulios/kafkajs#267). The cluster is handed to partition assigners, which is the public way to it.
 */
export function openCluster(kafka: Kafka): Cluster {
  let opened: Cluster | undefined
  kafka.consumer({
    groupId: 'weir',
    allowAutoTopicCreation: false,
    retry,
    partitionAssigners: [
      parts => {
        opened = parts.cluster
        return PartitionAssigners.roundRobin(parts)
      },
    ],
  })
  if (!opened) throw new Error('kafkajs gave its cluster to no assigner')
  return opened
}

/** Requests of the group protocol, which kafkajs's types leave out. */
export interface GroupCoordinator {
  joinGroup(request: {
    groupId: string
    memberId: string
    sessionTimeout: number
    rebalanceTimeout: number
    groupProtocols: { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    memberId: string
    leaderId: string
    /** Given to the leader only. */
    members: { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[]
  }): Promise<unknown>
  offsetFetch(request: { groupId: string; topics: { topic: string; partitions: { partition: number }[] }[] }): Promise<{
    responses: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[]
  }>
}

export async function coordinatorOf(cluster: Cluster, groupId: string): Promise<GroupCoordinator> {
  return asCoordinator(await cluster.findGroupCoordinator({ groupId }))
}

function asCoordinator(broker: Broker): GroupCoordinator {
  return broker as unknown as GroupCoordinator
}
