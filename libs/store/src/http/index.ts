export { createHttpStore, type HttpStoreOptions } from './http-store.ts'
