import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../../../libs/kernel/src/index.ts'

const sheet = readFileSync(join(packageRoot, 'services/gateway/web/src/style/theme.css'), 'utf8')
const [dark = '', light = ''] = sheet.split('[data-theme="light"]')

function colours(block: string): Record<string, string> {
  return Object.fromEntries([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(match => [match[1], match[2]]))
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

describe.each([
  ['dark', colours(dark)],
  ['light', { ...colours(dark), ...colours(light) }],
])('%s theme', (_, theme) => {
  const grounds = ['ground', 'panel', 'critical-ground']

  it.each(grounds)('has text of at least 7:1 on %s, and second text of 4.5:1', ground => {
    expect(contrast(theme.text!, theme[ground]!)).toBeGreaterThanOrEqual(7)
    expect(contrast(theme.dim!, theme[ground]!)).toBeGreaterThanOrEqual(4.5)
  })

  it.each(['critical', 'major', 'minor', 'warning'])('has counts of at least 4.5:1 on %s', severity => {
    expect(contrast(theme['on-colour']!, theme[severity]!)).toBeGreaterThanOrEqual(4.5)
  })

  it('has no pure white and no pure black', () => {
    expect(Object.values(theme)).not.toContain('#ffffff')
    expect(Object.values(theme)).not.toContain('#000000')
  })
})
