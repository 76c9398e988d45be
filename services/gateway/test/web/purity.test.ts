import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../../../libs/kernel/src/index.ts'

it('keeps clock, randomness and browser out of the wall’s state', () => {
  const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  const folder = join(packageRoot, 'services/gateway/web/src/state')
  const effects =
    /\b(document|window|location|navigator|localStorage|sessionStorage)\.|\b(Date\.now|Math\.random|performance\.now|setTimeout|setInterval)\(|\bnew Date\(\)/
  const impure = readdirSync(folder).filter(file =>
    effects.test(withoutComments(readFileSync(join(folder, file), 'utf8'))),
  )
  expect(impure).toEqual([])
})
