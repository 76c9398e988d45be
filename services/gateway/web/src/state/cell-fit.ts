/**
 * The largest square cells, at most `mostPixels`, of which `count` fit into the area; as many columns as that gives. The
 * area does not depend on alarms, so a site keeps its place.
 */
export function fitCells(
  count: number,
  width: number,
  height: number,
  mostPixels: number,
): { columns: number; cellPixels: number } {
  if (count === 0) return { columns: 1, cellPixels: 0 }
  let best = { columns: 1, cellPixels: 0 }
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const cellPixels = Math.floor(Math.min(width / columns, height / rows, mostPixels))
    if (cellPixels >= best.cellPixels) best = { columns, cellPixels }
  }
  return best
}
