import { quoted } from './settings.ts'
import { type QueryParams, StoreError } from './store.ts'

/**
 * A parameter's value as ClickHouse reads it for `{name:Type}`: a text in TSV escaping, an array as a literal with quoted
 * texts. The engine parses it as the placeholder's type; it never becomes SQL.
 */
export function paramText(value: QueryParams[string]): string {
  if (typeof value === 'string') return value.replace(/[\\\0\b\f\n\r\t]/g, character => tsvEscapes[character]!)
  if (Array.isArray(value)) return `[${value.map(one => (typeof one === 'string' ? quoted(one) : one)).join(',')}]`
  return String(value)
}

const tsvEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/**
 * Refuses a query whose placeholders are not all given: a session remembers parameters, and another tenant's must never
 * fill a gap.
 */
export function checkParams(sql: string, params: QueryParams): void {
  for (const [, name] of sql.matchAll(/\{\s*([A-Za-z_]\w*)\s*:/g)) {
    if (!Object.hasOwn(params, name!))
      throw new StoreError('store-rejected', `the query's parameter "${name}" is missing`)
  }
  for (const name of Object.keys(params)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new StoreError('store-rejected', `"${name}" cannot name a parameter`)
  }
}
