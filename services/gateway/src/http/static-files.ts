import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

export interface StaticFile {
  bytes: Buffer
  contentType: string
  etag: string
  cacheControl: string
}

/** A page with its assets is a few hundred kilobytes; more than this is a mistake. */
const bytesMax = 32 * 1024 * 1024

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Reads a built page into memory. Requests look names up in the result and never touch the disk, so that no name can
 * lead outside the folder.
 * @returns files by their path relative to `folder`, with slashes; empty where there is no such folder
 */
export async function loadStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>()
  let total = 0
  for (const path of await filesBelow(folder)) {
    const name = relative(folder, path).split(sep).join('/')
    // The compiler writes modules for tests into the same tree; a page has a front and its assets.
    if (name.includes('/') && !name.startsWith('assets/')) continue
    total += (await stat(path)).size
    if (total > bytesMax) throw new Error(`${folder} holds more than ${bytesMax} bytes; is it the built page?`)
    const bytes = await readFile(path)
    files.set(name, {
      bytes,
      contentType: contentTypes[extname(name)] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      // The builder puts a hash of the content into the names of assets.
      cacheControl: name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  }
  return files
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
