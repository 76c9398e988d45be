/** An address of 4 or 16 octets as text; IPv6 as RFC 5952 §4 writes it, IPv4-mapped ones as `::ffff:a.b.c.d`. */
export function addressText(octets: Uint8Array): string {
  return octets.length === 4 ? ipv4Text(octets, 0) : ipv6Text(octets)
}

/** The address of a `FlowColumns` row: IPv4-mapped addresses as plain IPv4. */
export function columnAddressText(column: Uint8Array, row: number): string {
  const octets = column.subarray(16 * row, 16 * row + 16)
  return isMapped(octets) ? ipv4Text(octets, 12) : ipv6Text(octets)
}

export function macText(octets: Uint8Array): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join(':')
}

function ipv4Text(octets: Uint8Array, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`
}

function isMapped(octets: Uint8Array): boolean {
  return octets[10] === 0xff && octets[11] === 0xff && octets.subarray(0, 10).every(octet => octet === 0)
}

function ipv6Text(octets: Uint8Array): string {
  if (isMapped(octets)) return `::ffff:${ipv4Text(octets, 12)}`
  const groups = Array.from({ length: 8 }, (_, index) => (octets[2 * index]! << 8) | octets[2 * index + 1]!)
  // The longest run of two or more zero groups, the first of equals, becomes "::".
  let from = -1
  let length = 1
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > length) {
      from = start
      length = end - start
    }
    if (end > start) start = end
  }
  const text = (part: readonly number[]): string => part.map(group => group.toString(16)).join(':')
  return from < 0 ? text(groups) : `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`
}
