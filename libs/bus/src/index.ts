export * from './bus.ts'
export { type KafkaBusConfig, kafkaBusConfigSchema } from './kafka/config.ts'
export * from './limits.ts'
export * from './partitioner.ts'
