export * from './store.ts'
export * from './tables.ts'
