// Prints the test runner's own counts as the last line, and fails when anything failed.
import { existsSync, readFileSync } from 'node:fs'

const [file, otherFailures] = process.argv.slice(2)
if (!existsSync(file)) {
  console.log('the test runner left no result')
  console.log('0 passed, 1 failed, 0 skipped')
  process.exit(1)
}
const result = JSON.parse(readFileSync(file, 'utf8'))
const files = result.testResults.filter(one => one.status === 'failed' && one.assertionResults.length === 0)
for (const one of files) console.log(`did not run: ${one.name}`)
for (const one of result.testResults.flatMap(each => each.assertionResults)) {
  if (one.status === 'failed') console.log(`failed: ${one.fullName}`)
  if (one.status === 'pending' || one.status === 'skipped') console.log(`skipped: ${one.fullName}`)
}
// A run that broke off has no success, whatever it counted.
const broken = !result.success && result.numFailedTests + files.length === 0 ? 1 : 0
const failed = result.numFailedTests + files.length + broken + Number(otherFailures)
console.log(
  `${result.numPassedTests} passed, ${failed} failed, ${result.numPendingTests + result.numTodoTests} skipped`,
)
process.exit(failed > 0 ? 1 : 0)
