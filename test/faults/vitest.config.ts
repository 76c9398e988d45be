import { defineConfig } from 'vitest/config'

/** Long tests that kill, stop and starve real processes: `npm run test:faults`. One at a time, for honest timings. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    maxWorkers: 1,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
  },
})
