export { type KafkaBusConfig, kafkaBusConfigSchema } from './config.ts'
export { createKafkaBus, type KafkaBusOptions } from './kafka-bus.ts'
