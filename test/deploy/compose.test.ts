import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { packageRoot, parseConfig } from '../../libs/kernel/src/index.ts'
import { weirConfigSchema } from '../../services/standalone/src/config.ts'

interface Service {
  image?: string
  ports?: string[]
  network_mode?: string
  healthcheck?: unknown
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  stop_grace_period?: string
}

const file = join(packageRoot, 'docker-compose.yml')
const compose = parseDocument(readFileSync(file, 'utf8'), { merge: true }).toJS() as {
  services: Record<string, Service>
}
const own = ['processor', 'gateway', 'poller', 'collector']

/** The compose client checks a file without an engine. */
const client = [['docker', 'compose'], ['docker-compose']].find(([command, ...args]) => {
  try {
    execFileSync(command!, [...args, 'version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

describe('docker-compose.yml', () => {
  it.skipIf(!client)('is accepted by the compose client (needs docker compose or docker-compose)', () => {
    const [command, ...args] = client!
    execFileSync(command!, [...args, '-f', file, 'config', '-q'], { stdio: 'pipe' })
  })

  it('publishes ports on loopback only', () => {
    const ports = Object.values(compose.services).flatMap(service => service.ports ?? [])
    expect(ports.length).toBeGreaterThan(0)
    expect(ports.filter(port => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('runs our services without rights they do not need, checked for health and with time to stop', () => {
    for (const name of own) {
      expect(compose.services[name]).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '30s',
      })
      expect(compose.services[name]?.healthcheck, name).toBeDefined()
    }
  })

  it("gives the collector the host's network, so that exporters keep their addresses (F33)", () => {
    expect(compose.services.collector?.network_mode).toBe('host')
  })

  it('has no password in any file', () => {
    const files = [
      'docker-compose.yml',
      ...readdirSync(join(packageRoot, 'deploy/docker')).map(name => `deploy/docker/${name}`),
    ]
    for (const name of files.filter(one => /\.(yml|yaml)$/.test(one))) {
      const text = readFileSync(join(packageRoot, name), 'utf8')
      const values = [...text.matchAll(/password: *(\S+)/g)].map(match => match[1]!)
      expect(values.filter(value => !/^['"]\$\{file:/.test(value))).toEqual([])
    }
  })

  it('mounts a configuration that Weir accepts', () => {
    const text = readFileSync(join(packageRoot, 'deploy/docker/weir.yaml'), 'utf8')
    const config = parseConfig(weirConfigSchema, text.replaceAll(/\$\{file:[^}]*\}/g, 'secret'), 'weir.yaml')
    expect([config.bus.kind, config.store.kind]).toEqual(['kafka', 'http'])
  })
})
