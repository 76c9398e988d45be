export * from './queries/index.ts'
export * from './retention.ts'
export * from './store.ts'
export * from './tables.ts'
