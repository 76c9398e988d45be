import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, loadConfig, parseConfig, secret } from '../src/index.ts'

const schema = z.strictObject({
  gateway: z.strictObject({ port: z.int().default(8080), host: z.string().default('127.0.0.1') }).prefault({}),
  auths: z.record(z.string(), z.strictObject({ community: secret({ WEIR_COMMUNITY: 's3cret' }) })).default({}),
  devices: z.array(z.strictObject({ id: z.string(), address: z.string() })).default([]),
})

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (cause) {
    if (cause instanceof ConfigError) return cause.problems
    throw cause
  }
  return []
}

describe('configuration', () => {
  it('fills in working defaults', () => {
    expect(parseConfig(schema, '', 'weir.yaml').gateway).toEqual({ port: 8080, host: '127.0.0.1' })
  })

  it('refuses an unknown key and names the nearest known one', () => {
    expect(problemsOf(() => parseConfig(schema, 'gatway: { port: 1 }', 'weir.yaml'))).toEqual([
      'weir.yaml: there is no key "gatway"; did you mean "gateway"?',
    ])
    expect(problemsOf(() => parseConfig(schema, 'gateway: { prot: 1 }', 'weir.yaml'))).toEqual([
      'weir.yaml: gateway: there is no key "prot"; did you mean "port"?',
    ])
    expect(problemsOf(() => parseConfig(schema, 'devices: [{ id: a, adress: b, address: c }]', 'weir.yaml'))).toEqual([
      'weir.yaml: devices.0: there is no key "adress"; did you mean "address"?',
    ])
  })

  it('tells nothing nearest where nothing is near', () => {
    expect(problemsOf(() => parseConfig(schema, 'xyzzy: 1', 'weir.yaml'))).toEqual([
      'weir.yaml: there is no key "xyzzy"',
    ])
  })

  it('tells where YAML itself is broken', () => {
    expect(problemsOf(() => parseConfig(schema, 'gateway: {port: 1', 'weir.yaml'))[0]).toMatch(/weir\.yaml: .*line 1/s)
  })

  it('expands the environment in secret fields only', () => {
    const yaml = 'auths: { office: { community: "${WEIR_COMMUNITY}" } }\ngateway: { host: "${WEIR_COMMUNITY}" }'
    const config = parseConfig(schema, yaml, 'weir.yaml')
    expect(config.auths.office?.community).toBe('s3cret')
    expect(config.gateway.host).toBe('${WEIR_COMMUNITY}')
  })

  it('says which variable is missing', () => {
    const problems = problemsOf(() => parseConfig(schema, 'auths: { office: { community: "${NOPE}" } }', 'weir.yaml'))
    expect(problems).toEqual(['weir.yaml: auths.office.community: the environment has no variable "NOPE"'])
  })

  describe('from files', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'weir-config-'))
    })
    afterEach(() => rmSync(folder, { recursive: true, force: true }))

    it('merges mappings and appends lists of mappings', () => {
      writeFileSync(join(folder, 'a.yaml'), 'gateway: { port: 1 }\ndevices: [{ id: a, address: x }]')
      writeFileSync(join(folder, 'b.yaml'), 'gateway: { host: "::1" }\ndevices: [{ id: b, address: y }]')
      const config = loadConfig(schema, [join(folder, 'a.yaml'), join(folder, 'b.yaml')])
      expect(config.gateway).toEqual({ port: 1, host: '::1' })
      expect(config.devices.map(device => device.id)).toEqual(['a', 'b'])
    })

    it('reads a secret from a file and says when it cannot', () => {
      writeFileSync(join(folder, 'community'), 'from-file\n')
      const yaml = `auths: { office: { community: "\${file:${join(folder, 'community')}}" } }`
      expect(parseConfig(schema, yaml, 'weir.yaml').auths.office?.community).toBe('from-file')
      const missing = `auths: { office: { community: "\${file:${join(folder, 'nope')}}" } }`
      expect(problemsOf(() => parseConfig(schema, missing, 'weir.yaml'))[0]).toMatch(/cannot read .*nope/)
    })

    it('says when a file is not there', () => {
      expect(problemsOf(() => loadConfig(schema, [join(folder, 'nope.yaml')]))[0]).toMatch(/nope\.yaml.*ENOENT/)
    })
  })
})
