export interface Screen {
  /** Diagonal of the panel, inches, and the distance of its farthest reader, metres. */
  diagonalInches: number
  distanceMetres: number
  theme: 'dark' | 'light'
  tenant: string | undefined
  site: string | undefined
  sound: 'on' | 'off' | 'test'
  /** Lag from the network to the screen above which the frame says DELAYED. */
  lagBudgetMs: number
  /** Hour of the local day of the nightly reload; null never. */
  reloadHour: number | null
  /** Which edge carries the headline; `auto` alternates by day, so that no letter burns in. */
  edge: 'top' | 'bottom' | 'auto'
  /** What was not understood in the address, one sentence each: a typing error must not pass silently. */
  problems: string[]
}

/** NUREG-0700 rev. 3 §1.1: letters on group-view displays subtend at least 16 minutes of arc at the farthest seat. */
const capHeightArcMinutes = 16
/** Cap height of IBM Plex Sans Condensed over its em (OS/2 table: 698 of 1000 units). */
export const capHeightPerEm = 0.698
const millimetresPerInch = 25.4

const number = (low: number, high: number) => (text: string) => {
  const value = Number(text)
  return text.trim() !== '' && value >= low && value <= high ? value : undefined
}
const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (text: string) =>
    values.find(value => value === text)
const id = (text: string) => (text.length > 0 && text.length <= 128 ? text : undefined)

/** Reads the wall's address, `?diag=55&dist=5&theme=light&tenant=…`. Never throws. */
export function parseScreen(search: string): Screen {
  const query = new URLSearchParams(search)
  const problems: string[] = []
  const known = new Set<string>()
  function read<T>(name: string, parse: (text: string) => T | undefined, fallback: T, wanted: string): T {
    known.add(name)
    const text = query.get(name)
    if (text === null) return fallback
    const value = parse(text)
    if (value === undefined) problems.push(`${name}=${text.slice(0, 24)} is not ${wanted}`)
    return value ?? fallback
  }
  const screen: Screen = {
    diagonalInches: read('diag', number(10, 300), 55, 'a diagonal of 10 to 300 inches'),
    distanceMetres: read('dist', number(0.4, 40), 5, 'a distance of 0.4 to 40 metres'),
    theme: read('theme', oneOf('dark', 'light'), 'dark', '"dark" or "light"'),
    tenant: read<string | undefined>('tenant', id, undefined, 'a tenant id'),
    site: read<string | undefined>('site', id, undefined, 'a site id'),
    sound: read('sound', oneOf('on', 'off', 'test'), 'on', '"on", "off" or "test"'),
    lagBudgetMs: read('lag', number(1, 3600), 20, '1 to 3600 seconds') * 1000,
    reloadHour: read<number | null>(
      'reload',
      text => (text === 'never' ? null : number(0, 23)(text)),
      4,
      'an hour of 0 to 23, or "never"',
    ),
    edge: read('edge', oneOf('top', 'bottom', 'auto'), 'top', '"top", "bottom" or "auto"'),
    problems,
  }
  // `null` is a value of `reload`, which `??` would have taken for "not understood".
  if (query.get('reload') === 'never') screen.reloadHour = null
  for (const name of new Set(query.keys())) {
    if (!known.has(name)) problems.push(`${name} is not a setting of the wall`)
  }
  return screen
}

/**
 * Height of the wall's base letter as a share of the viewport's height (0.0467 for 55" at 5 m with cap height 0.727):
 * the em whose capitals subtend 16 minutes of arc at the farthest seat. Of the viewport and not in pixels, so that a
 * panel shows the same at 1080 and 2160 lines.
 */
export function baseFontShare(screen: Screen, width: number, height: number, perEm = capHeightPerEm): number {
  const capMillimetres = screen.distanceMetres * 1000 * Math.tan((capHeightArcMinutes / 60 / 180) * Math.PI)
  const heightMillimetres = (screen.diagonalInches * millimetresPerInch * height) / Math.hypot(width, height)
  return capMillimetres / perEm / heightMillimetres
}

/**
 * The base letter, held within what the layout can carry: a phone-sized panel at 40 m would show three words. Limits
 * are ems across and down the screen; where they bind, `tooFar` tells the person who hung the screen there.
 */
export function fittedFontShare(screen: Screen, width: number, height: number): { share: number; tooFar: boolean } {
  const wanted = baseFontShare(screen, width, height)
  const most = Math.min(1 / 15.5, width / height / (width > height ? 26 : 19))
  const least = 1 / 56
  return { share: Math.max(least, Math.min(most, wanted)), tooFar: wanted > most * 1.001 }
}
