import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['libs/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**', 'test/faults/**'],
    // Parts that run real brokers, stores and browsers share two cores: more workers only make them wait for each other.
    maxWorkers: 2,
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'dist/test-results.json' }]] : ['default'],
    // Real brokers, stores and browsers on two cores: CI gives a failure two more looks. Totals that differ get none.
    retry: process.env.CI ? { count: 2, condition: /^(?!totals differ)/ } : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
