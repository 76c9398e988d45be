export * from './stream-state.ts'
