import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../libs/kernel/src/index.ts'
import { openApiDocument } from './http/openapi.ts'

// node dist/services/gateway/src/write-openapi.js: a test fails while the committed document is another one.
const file = join(packageRoot, 'docs/reference/openapi.json')
writeFileSync(file, `${JSON.stringify(await openApiDocument(), null, 2)}\n`)
