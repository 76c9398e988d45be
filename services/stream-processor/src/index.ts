export { createStreamProcessor, type StreamProcessorOptions, streamProcessorConfigSchema } from './processor.ts'
