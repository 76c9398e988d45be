import { RecentMap } from './recent-map.ts'
import type { Template } from './template.ts'

/** Templates of one exporter by session and id, bounded by number and by fields. */
export class TemplateStore {
  /** Changes with every template that comes or goes. */
  version = 0
  readonly #templates: RecentMap<number, Template>

  constructor(templatesMax: number, fieldsMax: number) {
    this.#templates = new RecentMap({
      max: templatesMax,
      weightMax: fieldsMax,
      weightOf: template => template.announced.length,
      onEvict: () => {
        this.version++
      },
    })
  }

  get size(): number {
    return this.#templates.size
  }

  get evicted(): number {
    return this.#templates.evicted
  }

  get(key: number): Template | undefined {
    return this.#templates.get(key)
  }

  set(key: number, template: Template): void {
    this.version++
    this.#templates.set(key, template)
  }

  delete(key: number): void {
    if (this.#templates.delete(key)) this.version++
  }

  entries(): { old: number; all: [number, Template][] } {
    return this.#templates.entries()
  }

  restore(all: readonly (readonly [number, Template])[], old: number): void {
    this.#templates.restore(all, old)
  }
}
