import { afterAll, beforeAll, describe } from 'vitest'
import { kafkaMissing, kafkaSource, startKafka, type TestKafka } from '../../../test/kafka/broker.ts'
import { silentLogger } from '../../kernel/src/index.ts'
import { createKafkaBus, kafkaBusConfigSchema } from '../src/kafka/index.ts'
import { describeBusContract } from './bus-contract.ts'

describe.skipIf(!kafkaSource)(kafkaSource ? `Kafka (${kafkaSource})` : kafkaMissing, () => {
  let kafka: TestKafka

  beforeAll(async () => {
    kafka = await startKafka()
  }, 180_000)

  afterAll(async () => {
    await kafka?.stop()
  })

  const createBus = () =>
    createKafkaBus({
      config: kafkaBusConfigSchema.parse({ brokers: kafka.brokers, sessionTimeoutMs: 6_000 }),
      log: silentLogger,
    })

  describeBusContract('Kafka', async () => {
    let bus = createBus()
    await bus.start()
    return {
      bus,
      async reopen() {
        await bus.stop()
        bus = createBus()
        await bus.start()
        return bus
      },
      async dispose() {
        await bus.stop()
      },
    }
  })
})
