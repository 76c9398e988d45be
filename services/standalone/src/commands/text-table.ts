/**
 * Lines of a table whose columns stand below each other; the first row is the head. Devices write their own names: what
 * would steer the terminal is shown as U+FFFD.
 */
export function textTable(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map(row => row.map(text => text.replace(/\p{Cc}/gu, '\ufffd')))
  const columns = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  )
}
