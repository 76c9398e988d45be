import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { importAdvisories, readAdvisoryFiles } from '../src/advisories/read-advisories.ts'
import { advisoriesCommand } from '../src/commands/advisories.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-advisories-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (content: object | string, hints = {}) =>
  importAdvisories(typeof content === 'string' ? content : JSON.stringify(content), 'list', hints)

const cve = {
  dataType: 'CVE_RECORD',
  dataVersion: '5.1',
  cveMetadata: { cveId: 'CVE-2026-0001', state: 'PUBLISHED' },
  containers: {
    cna: {
      title: 'Junos OS: a crafted packet restarts rpd',
      affected: [
        {
          vendor: 'Juniper Networks',
          product: 'Junos OS',
          defaultStatus: 'unaffected',
          versions: [
            { version: '0', lessThan: '21.2R3-S6', status: 'affected', versionType: 'semver' },
            { version: '21.4', lessThan: '21.4R3-S5', status: 'affected', versionType: 'semver' },
            { version: '22.1', status: 'unaffected' },
            {
              ...{ version: '22.2', status: 'unaffected', lessThan: '22.2*', versionType: 'semver' },
              changes: [
                { at: '22.2R1', status: 'affected' },
                { at: '22.2R3', status: 'unaffected' },
              ],
            },
          ],
        },
        { product: 'A toaster', versions: [{ version: '1', status: 'affected' }] },
      ],
      metrics: [{ format: 'CVSS', cvssV3_1: { baseScore: 7.5, baseSeverity: 'HIGH' } }],
      references: [{ url: 'https://advisories.example/1' }],
    },
  },
}

const csaf = {
  document: {
    category: 'Cisco Security Advisory',
    csaf_version: '2.0',
    title: 'A web server answers strangers',
    aggregate_severity: { text: 'Critical' },
    tracking: { id: 'vendor-sa-1', version: '1.0.0' },
    references: [{ category: 'self', url: 'https://advisories.example/sa-1' }],
  },
  product_tree: {
    branches: [
      {
        category: 'vendor',
        name: 'Cisco',
        branches: [
          {
            category: 'product_family',
            name: 'Cisco IOS XE Software',
            branches: [
              { category: 'product_version', name: '16.9.4', product: { name: 'x', product_id: 'P1' } },
              { category: 'product_version_range', name: 'vers:cisco/>=17.3.1|<17.3.8', product: { product_id: 'P2' } },
              { category: 'product_version', name: '17.3.8', product: { product_id: 'P3' } },
              {
                ...{ category: 'product_version', name: '3.16S' },
                branches: [{ category: 'service_pack', name: '3.16.4S', product: { product_id: 'P5' } }],
              },
            ],
          },
          {
            category: 'product_name',
            name: 'A phone',
            branches: [{ category: 'product_version', name: '1', product: { product_id: 'P4' } }],
          },
        ],
      },
    ],
  },
  vulnerabilities: [
    { cve: 'CVE-2026-0002', product_status: { known_affected: ['P1', 'P2', 'P5', 'P4', 'P9'], fixed: ['P3'] } },
  ],
}

describe('lists of advisories', () => {
  it('are read from CVE records', () => {
    expect(read(cve)).toEqual({
      format: 'cve',
      advisories: [
        {
          ...{ id: 'CVE-2026-0001', title: 'Junos OS: a crafted packet restarts rpd', os: 'junos', severity: 'high' },
          affected: ['<21.2R3-S6', '>=21.4 <21.4R3-S5', '>=22.2R1 <22.2R3'],
          fixedIn: ['21.2R3-S6', '21.4R3-S5', '22.2R3'],
          url: 'https://advisories.example/1',
        },
      ],
      skipped: ['CVE-2026-0001: "A toaster" is no operating system known here; give --os'],
    })
    expect(read([cve, cve]).advisories).toHaveLength(2)
  })

  it('are read from CSAF 2.0 documents', () => {
    expect(read(csaf)).toEqual({
      format: 'csaf',
      advisories: [
        {
          ...{ id: 'vendor-sa-1', title: 'A web server answers strangers', os: 'iosxe', severity: 'critical' },
          affected: ['16.9.4', '>=17.3.1 <17.3.8', '3.16.4S'],
          fixedIn: ['17.3.8'],
          url: 'https://advisories.example/sa-1',
        },
      ],
      skipped: ['vendor-sa-1: "Cisco A phone" is no operating system known here; give --os'],
    })
  })

  it("are read from a product's cycles, of which the caller says what it is", () => {
    const cycles = [
      { cycle: '21.4', eol: '2024-12-19', support: '2024-06-19', latest: '21.4R3-S9' },
      { cycle: '30.1', eol: false },
    ]
    expect(read(cycles, { os: 'junos' })).toMatchObject({
      format: 'endoflife',
      advisories: [{ os: 'junos', affected: ['21.4.x'], endOfLife: '2024-12-19', endOfSupport: '2024-06-19' }],
      skipped: ['30.1: no date is given'],
    })
    expect(() => read(cycles)).toThrow('list: a list of cycles does not say of what; give --os')
  })

  it('are read from tables and from YAML', () => {
    const csv =
      'id,os,affected,severity,title\r\nA-1,panos,<10.1.6-h3; 10.2.0,high,"quotes, and commas"\r\n,panos,,,\r\n'
    expect(read(`\uFEFF${csv}`)).toMatchObject({
      format: 'csv',
      advisories: [{ id: 'A-1', affected: ['<10.1.6-h3', '10.2.0'], severity: 'high', title: 'quotes, and commas' }],
      skipped: [expect.stringMatching(/^line 3: id: /)],
    })
    expect(() => read('id,os,nonsense\n')).toThrow(`list: the header's "nonsense" is none of id, title`)
    const yaml = 'advisories:\n  - { id: A-1, os: panos, affected: ["<10.1.6"] }\n'
    expect(read(yaml)).toMatchObject({ format: 'weir', advisories: [{ id: 'A-1', severity: 'none' }] })
  })

  it.each([
    ['advisories: [{ id: A-1, os: panos, affected: [">="] }]', 'names no version after'],
    ['advisories: [{ id: A-1, os: panos }]', 'an advisory has "affected" versions, or a date'],
    ['advisories: [{ id: A-1, os: panos, affected: ["*"], sevrity: high }]', 'did you mean "severity"'],
    ['advisories: [{ id: A-1, os: panos, affected: ["*"], url: "javascript:alert(1)" }]', 'url'],
    ['{ "advisories": [', 'list'],
    ['[]', 'list'],
  ])('are refused where they are wrong: %s', (text, words) => {
    expect(() => read(text)).toThrow(words)
  })

  it('that a configuration names are refused when they are too large for one record', () => {
    const file = join(folder, 'large.json')
    const advisories = Array.from({ length: 4_000 }, (_, i) => ({
      id: `A-${i}`,
      os: 'panos',
      affected: ['<1'],
      title: 'x'.repeat(200),
    }))
    writeFileSync(file, JSON.stringify({ advisories }))
    expect(() => readAdvisoryFiles([file])).toThrow(/4000 entries are \d+ KiB; 512 KiB fit/)
    expect(() => readAdvisoryFiles([join(folder, 'nowhere.json')])).toThrow('nowhere.json')
  })
})

describe('weir advisories import', () => {
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const code = await advisoriesCommand.run(['import', ...args], {
      stdout,
      stderr,
      signal: new AbortController().signal,
      env: {},
    })
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }

  it('prints one list, or puts entries into one by id, and says what it left out', async () => {
    const [one, two, into] = ['cve.json', 'csaf.json', 'into.json'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(one, JSON.stringify(cve))
    writeFileSync(two, JSON.stringify(csaf))
    const printed = await run(one, two, '--only', 'iosxe')
    expect(printed.code).toBe(1)
    expect(printed.err).toContain('left out: ')
    expect(JSON.parse(printed.out)).toMatchObject({ schema: 'weir.advisories.v1', advisories: [{ id: 'vendor-sa-1' }] })
    await run(one, '--into', into)
    await run(two, one, '--into', into)
    const kept = JSON.parse(readFileSync(into, 'utf8')) as { advisories: { id: string }[] }
    expect(kept.advisories.map(({ id }) => id)).toEqual(['vendor-sa-1', 'CVE-2026-0001'])
    expect(readAdvisoryFiles([into])).toHaveLength(2)
  })
})
