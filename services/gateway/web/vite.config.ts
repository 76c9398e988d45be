import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'

const outDir = join(import.meta.dirname, '../../../dist/services/gateway/web')

/** Only the page's own files: the compiler writes into the same tree, so the folder as a whole is not ours to empty. */
const withoutOldAssets: Plugin = {
  name: 'without-old-assets',
  apply: 'build',
  buildStart: () => rmSync(join(outDir, 'assets'), { recursive: true, force: true }),
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/wall/',
  plugins: [withoutOldAssets],
  build: {
    outDir,
    emptyOutDir: false,
    target: 'es2023',
    // Content-Security-Policy default-src 'self' refuses data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } },
  },
})
