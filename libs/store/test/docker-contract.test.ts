import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'
import { createMetrics, silentLogger } from '../../kernel/src/index.ts'
import { createHttpStore } from '../src/http/index.ts'
import { httpStoreConfigSchema } from '../src/index.ts'
import { describeStoreContract } from './store-contract.ts'

const image = process.env.WEIR_CLICKHOUSE_IMAGE ?? 'clickhouse/clickhouse-server:25.8'
const dockerAnswers = spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0

/** One node with its own Keeper, as the replicated engines need it. */
const keeperConfig = `<clickhouse>
  <keeper_server>
    <tcp_port>9181</tcp_port>
    <server_id>1</server_id>
    <log_storage_path>/var/lib/clickhouse/coordination/log</log_storage_path>
    <snapshot_storage_path>/var/lib/clickhouse/coordination/snapshots</snapshot_storage_path>
    <raft_configuration><server><id>1</id><hostname>localhost</hostname><port>9234</port></server></raft_configuration>
  </keeper_server>
  <zookeeper><node><host>localhost</host><port>9181</port></node></zookeeper>
  <macros><shard>1</shard><replica>1</replica></macros>
</clickhouse>`

/** `readonly` 2 lets the reader set limits for its own queries, and nothing else. */
const usersConfig = `<clickhouse>
  <profiles><reader><readonly>2</readonly></reader></profiles>
  <users>
    <owner><password>owner-secret</password><networks><ip>::/0</ip></networks><profile>default</profile></owner>
    <writer><password>writer-secret</password><networks><ip>::/0</ip></networks><profile>default</profile>
      <grants><query>GRANT INSERT, SELECT ON weir.*</query></grants></writer>
    <reader><password>reader-secret</password><networks><ip>::/0</ip></networks><profile>reader</profile>
      <grants><query>GRANT SELECT ON weir.*</query><query>GRANT SELECT ON system.*</query></grants></reader>
  </users>
</clickhouse>`

if (!dockerAnswers) {
  describe(`http, against ${image} — SKIPPED: no Docker answers here`, () => {
    it.skip('store contract on the official image', () => {})
  })
} else {
  for (const engine of ['replicated', 'single'] as const) {
    describeStoreContract(`http, ${engine} engines on ${image}`, async () => {
      const { GenericContainer, Wait } = await import('testcontainers')
      const container = await new GenericContainer(image)
        .withCopyContentToContainer([
          { content: keeperConfig, target: '/etc/clickhouse-server/config.d/keeper.xml' },
          { content: usersConfig, target: '/etc/clickhouse-server/users.d/weir.xml' },
        ])
        .withExposedPorts(8123)
        .withWaitStrategy(Wait.forHttp('/ping', 8123).forStatusCode(200))
        .withStartupTimeout(180_000)
        .start()
      const config = httpStoreConfigSchema.parse({
        kind: 'http',
        url: `http://${container.getHost()}:${container.getMappedPort(8123)}`,
        engine,
        users: {
          owner: { username: 'owner', password: 'owner-secret' },
          writer: { username: 'writer', password: 'writer-secret' },
          reader: { username: 'reader', password: 'reader-secret' },
        },
      })
      return {
        store: createHttpStore({ config, log: silentLogger, metrics: createMetrics() }),
        remove: async () => {
          await container.stop()
        },
      }
    })
  }
}
