import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { packageRoot } from './package-root.ts'

/**
 * Starts a worker thread from a sibling module. Node 20 runs no TypeScript, so a caller that itself runs from sources
 * (a test) gets the built module: `npm test` builds first.
 * @param callerUrl the caller's `import.meta.url`
 * @param specifier the worker's module relative to the caller, with its `.ts` ending
 */
export function startWorker(callerUrl: string, specifier: string, options: WorkerOptions = {}): Worker {
  return new Worker(workerUrl(callerUrl, specifier), options)
}

function workerUrl(callerUrl: string, specifier: string): URL {
  const fromSources = callerUrl.endsWith('.ts')
  const beside = new URL(specifier.replace(/\.ts$/, '.js'), callerUrl)
  if (!fromSources) return beside
  return pathToFileURL(join(packageRoot, 'dist', relative(packageRoot, fileURLToPath(beside))))
}
