import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packageRoot } from '../../libs/kernel/src/index.ts'

const version = '4.1.0'
const startPatienceMs = 180_000

/** A real broker for tests. */
export interface TestKafka {
  brokers: string[]
  /** Absent where the broker is not ours to harm (KAFKA_BROKERS). */
  process?: {
    kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
    /** Starts it again on the same port and data. */
    start(): Promise<void>
    signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  }
  stop(): Promise<void>
}

/** Where a broker can be had, in the order of preference; undefined with the reason to print when nowhere. */
export const kafkaSource: 'given' | 'docker' | 'maven' | undefined = process.env.KAFKA_BROKERS
  ? 'given'
  : works('docker', 'info')
    ? 'docker'
    : works('java', '-version') && (hasJars() || works('mvn', '-v'))
      ? 'maven'
      : undefined

export const kafkaMissing =
  'SKIPPED: no Kafka to test against (set KAFKA_BROKERS, or start Docker, or install Java 17 and Maven)'

/** Starts a broker: the one given by KAFKA_BROKERS, one in Docker, or Apache Kafka from Maven Central under Java. */
export async function startKafka(): Promise<TestKafka> {
  if (kafkaSource === 'given') return { brokers: process.env.KAFKA_BROKERS!.split(','), async stop() {} }
  if (kafkaSource === 'docker') return startInDocker()
  if (kafkaSource === 'maven') return startFromMaven()
  throw new Error(kafkaMissing)
}

async function startInDocker(): Promise<TestKafka> {
  const { GenericContainer, Wait } = await import('testcontainers')
  const port = await freePort()
  const container = await new GenericContainer(`apache/kafka:${version}`)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment(
      Object.fromEntries(
        Object.entries(serverProperties('/tmp/kafka', port, port + 1, '0.0.0.0')).map(([name, value]) => [
          `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
          value,
        ]),
      ),
    )
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  return { brokers: [`127.0.0.1:${port}`], stop: async () => void (await container.stop()) }
}

async function startFromMaven(): Promise<TestKafka> {
  const jars = bringJars()
  const folder = mkdtempSync(join(tmpdir(), 'weir-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const properties = join(folder, 'server.properties')
  const settings = serverProperties(join(folder, 'log'), port, controllerPort, '127.0.0.1')
  writeFileSync(
    properties,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  )
  writeFileSync(join(folder, 'log4j2.yaml'), log4j)
  const classPath = join(jars, '*')
  const clusterId = 'd2VpcnRlc3QtY2x1c3RlcjAwMQ'
  const format = ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties]
  execFileSync('java', format, { stdio: 'ignore' })

  let child: ChildProcess
  async function start(): Promise<void> {
    const out = openSync(join(folder, 'broker.log'), 'a')
    const args = [
      '-Xmx512m',
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.yaml')}`,
      '-cp',
      classPath,
      'kafka.Kafka',
      properties,
    ]
    child = spawn('java', args, { stdio: ['ignore', out, out] })
    await untilListening(port, child, join(folder, 'broker.log'))
  }
  async function kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  await start()
  return {
    brokers: [`127.0.0.1:${port}`],
    process: { kill, start, signal: signal => void child.kill(signal) },
    async stop() {
      child.kill('SIGCONT')
      await kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One node that is broker and controller, without the waits that are meant for large groups. */
function serverProperties(data: string, port: number, controllerPort: number, host: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register anew only after this: 9 s by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'log.retention.check.interval.ms': '1000',
    'log.initial.task.delay.ms': '500',
  }
}

const log4j = `Configuration:
  status: WARN
  Appenders:
    Console: { name: STDOUT, PatternLayout: { pattern: "%d %p %c %m%n" } }
  Loggers:
    Root: { level: WARN, AppenderRef: { ref: STDOUT } }
`

function jarFolder(): string {
  return process.env.WEIR_KAFKA_JARS ?? join(homedir(), '.cache/weir', `kafka-${version}`)
}

function hasJars(): boolean {
  const folder = jarFolder()
  return existsSync(folder) && readdirSync(folder).some(name => name.startsWith('kafka_'))
}

function bringJars(): string {
  const folder = jarFolder()
  if (hasJars()) return folder
  mkdirSync(folder, { recursive: true })
  const pom = join(packageRoot, 'test/kafka/pom.xml')
  execFileSync('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return folder
}

async function untilListening(port: number, child: ChildProcess, log: string): Promise<void> {
  for (const untilMs = Date.now() + startPatienceMs; Date.now() < untilMs; await sleep(100)) {
    if (child.exitCode !== null) break
    if (await accepts(port)) return
  }
  throw new Error(`Kafka did not start:\n${readFileSync(log, 'utf8').slice(-2_000)}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function works(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}
