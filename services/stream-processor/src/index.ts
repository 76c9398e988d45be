export { type EnrichmentConfig, enrichmentConfigSchema } from './enrichment/address-databases.ts'
export { networkSchema, networksMax } from './enrichment/network-schema.ts'
export {
  createStreamProcessor,
  type StreamProcessor,
  type StreamProcessorOptions,
  type StreamSources,
  streamProcessorConfigSchema,
} from './processor.ts'
