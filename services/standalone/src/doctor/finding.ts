export interface Finding {
  level: 'ok' | 'warn' | 'fail'
  /** What was looked at, in a word. */
  check: string
  text: string
  /** What to do; empty where all is well. */
  fix: string
}

export function ok(check: string, text: string): Finding {
  return { level: 'ok', check, text, fix: '' }
}

export function warn(check: string, text: string, fix: string): Finding {
  return { level: 'warn', check, text, fix }
}

export function fail(check: string, text: string, fix: string): Finding {
  return { level: 'fail', check, text, fix }
}
