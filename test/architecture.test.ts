import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../libs/kernel/src/index.ts'

/**
 * Which part may import which. services → adapters → ports → pure; no service imports another, only standalone imports
 * them all. What is not in the table is forbidden.
 */
const parts: Record<string, readonly string[]> = {
  'libs/model': [],
  'libs/wire': ['libs/model'],
  'libs/snmp': ['libs/model'],
  'libs/stream': ['libs/model'],
  'libs/detect': ['libs/model'],
  'libs/alarms': ['libs/model'],
  'libs/kernel': [],
  'libs/bus': ['libs/model', 'libs/kernel'],
  'libs/store': ['libs/model', 'libs/kernel'],
  'libs/simulator': ['libs/model', 'libs/wire', 'libs/snmp', 'libs/kernel'],
  'services/snmp-poller': ['libs/model', 'libs/kernel', 'libs/snmp', 'libs/bus'],
  'services/flow-collector': ['libs/model', 'libs/kernel', 'libs/bus', 'libs/wire'],
  'services/stream-processor': [
    'libs/model',
    'libs/kernel',
    'libs/bus',
    'libs/store',
    'libs/wire',
    'libs/snmp',
    'libs/stream',
    'libs/detect',
    'libs/alarms',
  ],
  'services/gateway': [
    'libs/model',
    'libs/kernel',
    'libs/bus',
    'libs/store',
    'libs/alarms',
    'libs/stream',
    'libs/detect',
  ],
  'services/gateway/web': ['libs/model', 'libs/alarms'],
  'services/standalone': [
    'libs/model',
    'libs/kernel',
    'libs/bus',
    'libs/store',
    'libs/wire',
    'libs/snmp',
    'libs/detect',
    'libs/simulator',
    'services/snmp-poller',
    'services/flow-collector',
    'services/stream-processor',
    'services/gateway',
  ],
}

/** Third-party packages, and the only folders whose sources may import them. */
const packages: Record<string, readonly string[]> = {
  '@bufbuild/protobuf': ['libs/model', 'libs/wire', 'libs/bus', 'libs/stream', 'services'],
  '@clickhouse/client': ['libs/store/src/http', 'libs/store/src/embedded'],
  'apache-arrow': ['libs/store/src'],
  chdb: ['libs/store/src/embedded'],
  fastify: ['services/gateway/src'],
  'fastify-type-provider-zod': ['services/gateway/src'],
  '@fastify/swagger': ['services/gateway/src'],
  kafkajs: ['libs/bus/src/kafka'],
  lmdb: ['libs/bus/src/local'],
  'mmdb-lib': ['services/stream-processor/src'],
  'net-snmp': ['services/snmp-poller/src'],
  pino: ['libs/kernel/src'],
  preact: ['services/gateway/web'],
  'prom-client': ['libs/kernel/src'],
  uplot: ['services/gateway/web'],
  uuid: ['libs/model/src'],
  vite: ['services/gateway/web'],
  ws: ['services/gateway/src'],
  yaml: ['libs/kernel/src'],
  zod: ['libs', 'services'],
}

/** Modules of Node with effects; the pure libraries take clock, randomness, sockets and files as parameters. */
const pureParts = ['libs/model', 'libs/wire', 'libs/snmp', 'libs/stream', 'libs/detect', 'libs/alarms']
const pureBuiltins = new Set(['node:buffer', 'node:crypto', 'node:util', 'node:net'])

interface Import {
  file: string
  specifier: string
}

function sourceFiles(folder: string): string[] {
  if (!existsSync(join(packageRoot, folder))) return []
  return readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => relative(packageRoot, join(entry.parentPath, entry.name)))
    .filter(file => /\/(src|web)\//.test(file) && !file.includes('/test/') && !file.includes('node_modules'))
}

const imports: Import[] = [...sourceFiles('libs'), ...sourceFiles('services')].flatMap(file => {
  const text = readFileSync(join(packageRoot, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g,
  )
  return [...found].map(match => ({ file, specifier: (match[1] ?? match[2] ?? match[3]) as string }))
})

/** The part a file belongs to: the longest matching prefix. */
function partOf(file: string): string | undefined {
  return Object.keys(parts)
    .filter(part => file.startsWith(`${part}/`))
    .sort((a, b) => b.length - a.length)[0]
}

describe('architecture', () => {
  it('finds the sources it judges', () => {
    expect(imports.length).toBeGreaterThan(30)
    expect(imports.filter(({ file }) => !partOf(file))).toEqual([])
  })

  it('lets parts import only what the table allows', () => {
    const wrong = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ file, specifier }) => {
        const from = partOf(file)!
        const target = relative(packageRoot, resolve(packageRoot, dirname(file), specifier))
        const to = partOf(target)
        return from !== to && !(to && parts[from]?.includes(to))
      })
    expect(wrong).toEqual([])
  })

  it('reaches other parts through their index only', () => {
    const wrong = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ file, specifier }) => {
        const target = relative(packageRoot, resolve(packageRoot, dirname(file), specifier))
        const to = partOf(target)
        if (!to || to === partOf(file)) return false
        // Adapters are imported on their own, so that a process loads only the clients it is configured for.
        return !new RegExp(`^${to}/src/(index|[a-z-]+/index)\\.ts$`).test(target)
      })
    expect(wrong).toEqual([])
  })

  it('keeps third-party packages where the table says', () => {
    const builtins = new Set(builtinModules.flatMap(name => [name, `node:${name}`]))
    const wrong = imports
      .filter(({ specifier }) => !specifier.startsWith('.') && !builtins.has(specifier))
      .filter(({ file, specifier }) => {
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/')
        return !packages[name]?.some(folder => file.startsWith(`${folder}/`))
      })
    expect(wrong).toEqual([])
  })

  it('keeps effects out of the pure libraries', () => {
    const builtins = new Set(builtinModules.flatMap(name => [name, `node:${name}`]))
    const wrongImports = imports.filter(
      ({ file, specifier }) =>
        pureParts.includes(partOf(file)!) && builtins.has(specifier) && !pureBuiltins.has(specifier),
    )
    const wrongCalls = pureParts
      .flatMap(part => sourceFiles(part))
      .filter(file => !file.includes('/proto/'))
      .filter(file =>
        /\b(Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\(|\bnew Date\(\)/.test(
          readFileSync(join(packageRoot, file), 'utf8'),
        ),
      )
    expect({ wrongImports, wrongCalls }).toEqual({ wrongImports: [], wrongCalls: [] })
  })

  it('numbers migrations without gaps and never twice, so that two branches cannot both bring the next one', () => {
    const files = readdirSync(join(packageRoot, 'libs/store/migrations')).sort()
    const numbers = files.map(file => Number.parseInt(file, 10))
    expect(numbers, `the later of two takes the next number: ${files.join(', ')}`).toEqual(files.map((_, i) => i + 1))
  })

  it('names every runtime dependency and says what it is for', () => {
    const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >
    const text = readFileSync(join(packageRoot, 'ARCHITECTURE.md'), 'utf8')
    const runtime = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
    expect(runtime.filter(name => !text.includes(`\`${name}\``))).toEqual([])
  })
})
