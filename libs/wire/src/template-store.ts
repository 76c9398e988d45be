import type { Template } from './template.ts'

/**
 * Templates of one exporter, bounded by number and by fields. Two generations stand in for a list by last use: a look-up
 * carries a template into the young one, and when that is half full the old one, unused since, is let go. So 65,000
 * templates of a spoofed or broken sender cost no more than the bound, and those in use stay (F10).
 */
export class TemplateStore {
  /** Changes with every change of what `get` answers, for callers that remember a template. */
  version = 0
  evicted = 0
  #young = new Map<number, Template>()
  #old = new Map<number, Template>()
  #youngFields = 0
  #templatesMax: number
  #fieldsMax: number

  constructor(templatesMax: number, fieldsMax: number) {
    this.#templatesMax = templatesMax
    this.#fieldsMax = fieldsMax
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(key: number): Template | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) {
      this.#old.delete(key)
      this.#insert(key, old)
    }
    return old
  }

  set(key: number, template: Template): void {
    this.version++
    this.delete(key)
    this.#insert(key, template)
  }

  delete(key: number): boolean {
    this.version++
    const young = this.#young.get(key)
    if (young) this.#youngFields -= young.fields.length
    return this.#young.delete(key) || this.#old.delete(key)
  }

  /** Keys and templates in the order in which they would be let go, and how many of them are in the old generation. */
  entries(): { old: number; all: [number, Template][] } {
    return { old: this.#old.size, all: [...this.#old, ...this.#young] }
  }

  restore(all: readonly (readonly [number, Template])[], old: number): void {
    for (const [index, [key, template]] of all.entries()) {
      if (index < old) this.#old.set(key, template)
      else {
        this.#young.set(key, template)
        this.#youngFields += template.fields.length
      }
    }
  }

  #insert(key: number, template: Template): void {
    this.#young.set(key, template)
    this.#youngFields += template.fields.length
    if (this.#young.size <= this.#templatesMax / 2 && this.#youngFields <= this.#fieldsMax / 2) return
    this.evicted += this.#old.size
    this.#old = this.#young
    this.#young = new Map()
    this.#youngFields = 0
    this.version++
  }
}
