export { type EnrichmentConfig, enrichmentConfigSchema } from './enrichment/address-databases.ts'
export { networkSchema, networksMax } from './enrichment/network-schema.ts'
export { createStreamProcessor, type StreamProcessorOptions, streamProcessorConfigSchema } from './processor.ts'
