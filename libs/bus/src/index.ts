export * from './bus.ts'
export * from './partitioner.ts'
