import { Document, isMap, isSeq } from 'yaml'

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

function commentText(lines: readonly string[]): string {
  return lines.map(line => ` ${printableLine(line).slice(0, 400)}`).join('\n')
}

/** Without what is a line break of YAML 1.1 or 1.2, or moves a terminal's cursor, or turns its text around. */
export function printableLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+/g, ' ').trimEnd()
}
