export * from './exporter-decoder.ts'
export * from './flow-columns.ts'
