/** The next 1, 2, 2.5 or 5 times a power of ten: an axis whose end can be read aloud. */
export function niceMax(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find(step => value <= step * power * 1.0001) ?? 10) * power
}
