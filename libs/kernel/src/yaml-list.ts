import { Document, isMap, isScalar, isSeq, parse, parseDocument, type YAMLMap } from 'yaml'
import { ConfigError } from './config.ts'

export interface CommentedItem {
  readonly comment: readonly string[]
  readonly value: unknown
}

/** YAML with one list: `head` as comments above it, and above each item its own. Texts from anywhere stay data. */
export function commentedList(head: readonly string[], key: string, items: readonly CommentedItem[]): string {
  const document = new Document({ [key]: items.map(({ value }) => value) })
  const list = document.get(key)
  if (isSeq(list)) {
    for (const [i, item] of list.items.entries()) {
      if (!isMap(item)) continue
      item.commentBefore = commentText(items[i]!.comment)
      item.spaceBefore = i > 0
    }
  }
  document.commentBefore = commentText(head)
  return document.toString({ lineWidth: 0 })
}

/**
 * The YAML text with one more item in a list, which is made where there is none. Comments and the other items stay.
 * @throws ConfigError
 */
export function withListItem(yaml: string, sourceName: string, key: string, { comment, value }: CommentedItem): string {
  const document = documentOf(yaml, sourceName)
  if (document.contents === null || document.get(key) == null) document.set(key, document.createNode([]))
  const list = document.get(key)
  if (!isSeq(list)) throw new ConfigError([`${sourceName}: ${key} is no list`])
  // An empty list is written as [], and what would be added to that is hard to read.
  if (list.items.length === 0) list.flow = false
  const item = document.createNode(value)
  if (!list.flow) item.commentBefore = commentText(comment)
  list.items.push(item)
  return document.toString({ lineWidth: 0 })
}

/**
 * The YAML text with fields of the item of that id set, by path; undefined where the list has no such item.
 * @throws ConfigError
 */
export function withItemFields(
  yaml: string,
  sourceName: string,
  key: string,
  id: string,
  fields: Fields,
): string | undefined {
  const document = documentOf(yaml, sourceName)
  const list = document.get(key)
  const item = isSeq(list) ? list.items.find(one => isMap(one) && one.get('id') === id) : undefined
  if (!isMap(item)) return undefined
  return spliced(yaml, item, fields) ?? rewritten(document, item, fields)
}

type Fields = readonly (readonly [path: readonly string[], value: string | number])[]

/** Where each field stands there already as a plain value, no other octet of the file changes. */
function spliced(yaml: string, item: YAMLMap, fields: Fields): string | undefined {
  const edits: { from: number; to: number; text: string }[] = []
  for (const [path, value] of fields) {
    const node = item.getIn(path, true)
    if (!isScalar(node) || !node.range || node.anchor !== undefined || node.tag !== undefined) return undefined
    // A block of lines ends where its indentation does.
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return undefined
    edits.push({ from: node.range[0], to: node.range[1], text: scalarText(value) })
  }
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), yaml)
}

function rewritten(document: Document, item: YAMLMap, fields: Fields): string {
  for (const [path, value] of fields) item.setIn(path, value)
  return document.toString({ lineWidth: 0 })
}

/** In quotes unless it is read back as itself without, in a block as in braces. */
function scalarText(value: string | number): string {
  const plain = String(value)
  return /^[\w.-]+$/.test(plain) && parse(plain) === value ? plain : JSON.stringify(value)
}

function documentOf(yaml: string, sourceName: string): Document {
  const document = parseDocument(yaml, { prettyErrors: true })
  if (document.errors.length > 0) throw new ConfigError(document.errors.map(error => `${sourceName}: ${error.message}`))
  return document
}

function commentText(lines: readonly string[]): string {
  return lines.map(line => ` ${printableLine(line).slice(0, 400)}`).join('\n')
}

/** Without what is a line break of YAML 1.1 or 1.2, or moves a terminal's cursor, or turns its text around. */
export function printableLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+/g, ' ').trimEnd()
}
